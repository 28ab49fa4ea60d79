#include "model/net/address_class.hpp"
#include "model/net/address_scope.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::model {
namespace {

ip_address address(const char* text) {
  return ip_address::parse(text).value();
}

address_scope::verdict verdict(const address_scope& scope, const char* text,
                               const char* under = nullptr) {
  auto name = target::parse(under != nullptr ? under : text).value();
  return scope.check(address(text), name).what;
}

using verdict_type = address_scope::verdict;

}  // namespace

TEST_CASE("addresses are global or not as in the IANA registries, up to each border") {
  for (const char* text :
       {"1.0.0.0",         "9.255.255.255", "11.0.0.0",       "100.63.255.255", "100.128.0.0",
        "126.255.255.255", "128.0.0.0",     "172.15.255.255", "172.32.0.0",     "192.0.0.9",
        "192.0.0.10",      "192.0.1.0",     "198.17.255.255", "198.20.0.0",     "223.255.255.255",
        "8.8.8.8",         "2000::",        "2001:1::1",      "2001:4:112::1",  "2001:20::1",
        "2606:4700::1",    "2001:200::",    "3ffe::1"}) {
    CHECK_MESSAGE(classify(address(text)).global, text);
  }
  for (const char* text : {"0.0.0.0",
                           "0.255.255.255",
                           "10.0.0.0",
                           "10.255.255.255",
                           "100.64.0.0",
                           "100.127.255.255",
                           "127.0.0.1",
                           "127.255.255.255",
                           "169.254.169.254",
                           "172.16.0.0",
                           "172.31.255.255",
                           "192.0.0.8",
                           "192.0.2.1",
                           "192.88.99.1",
                           "192.168.255.255",
                           "198.18.0.0",
                           "198.19.255.255",
                           "198.51.100.1",
                           "203.0.113.1",
                           "224.0.0.1",
                           "239.255.255.255",
                           "240.0.0.0",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "64:ff9b::10.0.0.1",
                           "64:ff9b:1::",
                           "100::1",
                           "2001::1",
                           "2001:2::1",
                           "2001:10::1",
                           "2001:db8::1",
                           "2002:a00:1::",
                           "3fff::1",
                           "5f00::1",
                           "fc00::1",
                           "fdff::1",
                           "fe80::1",
                           "fec0::1",
                           "ff02::1",
                           "4000::1",
                           "1::1"}) {
    CHECK_MESSAGE(!classify(address(text)).global, text);
  }
}

TEST_CASE("deny overrides allow, allow overrides the rule for global addresses") {
  auto scope = address_scope::from_rules({.allow = {"10.0.0.0/8", "lab.example"},
                                          .deny = {"10.1.0.0/16", "8.8.8.8", "no.lab.example"},
                                          .own = {"10.2.0.0/16"}});
  REQUIRE(scope);
  CHECK(verdict(*scope, "1.1.1.1") == verdict_type::in_scope);
  CHECK(verdict(*scope, "10.0.0.1") == verdict_type::in_scope);
  CHECK(verdict(*scope, "10.1.0.1") == verdict_type::excluded);
  CHECK(verdict(*scope, "8.8.8.8") == verdict_type::excluded);
  CHECK(verdict(*scope, "192.168.0.1") == verdict_type::out_of_scope);
  CHECK(verdict(*scope, "192.168.0.1", "web.lab.example") == verdict_type::in_scope);
  CHECK(verdict(*scope, "192.168.0.1", "notlab.example") == verdict_type::out_of_scope);
  CHECK(verdict(*scope, "1.1.1.1", "x.no.lab.example") == verdict_type::excluded);
  CHECK(verdict(*scope, "8.8.8.8", "web.lab.example") == verdict_type::excluded);
  CHECK(scope->is_own(address("10.2.3.4")));
  CHECK(!scope->is_own(address("10.3.3.4")));
}

TEST_CASE("the unspecified addresses are out of scope, whatever is allowed") {
  scope_rules rules;
  rules.allow = {"0.0.0.0/0", "::/0", "lab.example"};
  auto scope = address_scope::from_rules(rules);
  REQUIRE(scope);
  for (const char* text : {"0.0.0.0", "::"}) {
    CHECK(verdict(*scope, text) == verdict_type::out_of_scope);
    CHECK(verdict(*scope, text, "web.lab.example") == verdict_type::out_of_scope);
  }
  CHECK(verdict(*scope, "0.0.0.1") == verdict_type::in_scope);
}

TEST_CASE("a refusal says what the address is and which rule refuses it") {
  address_scope scope;
  auto refused = scope.check(target::parse("10.0.0.1").value());
  CHECK(refused.what == verdict_type::out_of_scope);
  CHECK(refused.reason.find("private (RFC 1918)") != std::string::npos);
  CHECK(refused.reason.find("scope.allow") != std::string::npos);
}

TEST_CASE("an invalid rule is refused with the text of the entry") {
  for (const char* entry : {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "2001:db8::/129", "x/8",
                            "single", "*.example.com", ""}) {
    auto scope = address_scope::from_rules({{entry}, {}, {}});
    CAPTURE(entry);
    REQUIRE(!scope);
    CHECK(scope.error().message().find(entry) != std::string::npos);
  }
}

TEST_CASE("a network contains its first and last address and neither neighbour") {
  auto net = network::parse("192.0.2.64/26").value();
  CHECK(net.contains(address("192.0.2.64")));
  CHECK(net.contains(address("192.0.2.127")));
  CHECK(!net.contains(address("192.0.2.63")));
  CHECK(!net.contains(address("192.0.2.128")));
  CHECK(!net.contains(address("::ffff:0:0:192.0.2.64")));
  CHECK(network::parse("0.0.0.0/0").value().contains(address("255.255.255.255")));
  CHECK(network::around(address("2001:db8:1:2::3"), 48).text() == "2001:db8:1::/48");
}

TEST_CASE("this machine's own addresses are out of scope unless they are allowed") {
  auto own = ip_address::parse("8.8.4.4").value();
  auto other = ip_address::parse("8.8.8.8").value();
  auto here = target::parse("8.8.4.4").value();
  auto name = target::parse("own.example").value();
  auto scope = address_scope::from_rules({}).value();
  scope.exclude_machine({own});
  auto checked = scope.check(here);
  CHECK(checked.what == address_scope::verdict::out_of_scope);
  CHECK(checked.reason.find("address of this machine") != std::string::npos);
  CHECK(checked.reason.find("scope.allow") != std::string::npos);
  CHECK(scope.check(own, name).what == address_scope::verdict::out_of_scope);
  CHECK(scope.check(other, name).what == address_scope::verdict::in_scope);
  for (const char* allowed : {"8.8.4.0/24", "own.example"}) {
    auto wider = address_scope::from_rules({{allowed}, {}, {}}).value();
    wider.exclude_machine({own});
    CHECK(wider.check(own, name).what == address_scope::verdict::in_scope);
  }
}

}  // namespace sonde::model
