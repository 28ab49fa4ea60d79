#include "scanner/policy.hpp"

#include "scanner/errc.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::scanner {
namespace {

model::ip_address address_at(const char* text) {
  return model::ip_address::parse(text).value();
}
model::target host(const char* text) {
  return model::target::parse(text).value();
}
using rule_list = std::vector<std::string>;
model::address_scope scope(rule_list allow, rule_list deny, rule_list own) {
  return model::address_scope::from_rules({std::move(allow), std::move(deny), std::move(own)})
      .value();
}

}  // namespace

TEST_CASE("a policy allows dials to addresses in scope") {
  policy rules(scope({"10.1.0.0/16"}, {"10.1.2.0/24", "evil.example"}, {}), {});
  CHECK(rules.may_dial(address_at("8.8.8.8"), host("8.8.8.8")));
  CHECK(rules.may_dial(address_at("10.1.1.1"), host("10.1.1.1")));
  auto private_one = rules.may_dial(address_at("10.2.0.1"), host("10.2.0.1"));
  REQUIRE(!private_one);
  CHECK(private_one.error().code == make_error_code(errc::out_of_scope));
  CHECK(private_one.error().detail.find("10.2.0.1 is ") == 0);
  auto denied = rules.may_dial(address_at("10.1.2.3"), host("10.1.2.3"));
  REQUIRE(!denied);
  CHECK(denied.error().code == make_error_code(errc::excluded));
  auto by_name = rules.may_dial(address_at("8.8.8.8"), host("www.evil.example"));
  REQUIRE(!by_name);
  CHECK(by_name.error().code == make_error_code(errc::excluded));
}

TEST_CASE("a name that resolves to a private address does not permit a dial there") {
  policy rules(scope({}, {}, {}), {});
  for (const char* inside : {"127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "fe80::1"}) {
    CAPTURE(inside);
    CHECK(!rules.may_dial(address_at(inside), host("rebinding.example")));
  }
}

TEST_CASE("a target is checked before its name is resolved, as far as possible") {
  policy rules(scope({"10.1.0.0/16"}, {"10.1.2.0/24", "evil.example"}, {}), {});
  CHECK(rules.may_scan(host("10.1.1.1")));
  CHECK(rules.may_scan(host("good.example")));
  CHECK(rules.may_scan(host("10.2.0.1")).error().code == make_error_code(errc::out_of_scope));
  CHECK(rules.may_scan(host("10.1.2.3")).error().code == make_error_code(errc::excluded));
  CHECK(rules.may_scan(host("evil.example")).error().code == make_error_code(errc::excluded));
}

TEST_CASE("own addresses are the operator's networks, this machine's addresses, and loopback") {
  policy rules(scope({}, {}, {"10.0.0.0/8"}),
               {address_at("203.0.113.5"), address_at("2001:db8::5")});
  for (const char* own : {"10.1.2.3", "203.0.113.5", "2001:db8::5", "127.0.0.1", "127.9.9.9"}) {
    CAPTURE(own);
    CHECK(rules.is_own(address_at(own)));
  }
  CHECK(!rules.is_own(address_at("203.0.113.6")));
  CHECK(!rules.is_own(address_at("2001:db8::6")));
}

TEST_CASE("the addresses of this machine include its loopback address") {
  CHECK(own_addresses().contains(address_at("127.0.0.1")));
}

}  // namespace sonde::scanner
