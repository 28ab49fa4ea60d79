#include "ingest/scans/order_reader.hpp"

#include "ingest/errc.hpp"
#include "tests/ingest/scan_world.hpp"

namespace sonde::ingest {
namespace {

using std::chrono::hours;

constexpr const char* address_order = R"({"target":"192.0.2.7"})";

struct order_world : test::scan_world {
  order_world() { scope.allow = {"192.0.2.0/24", "intern.example"}; }
};

bool mentions(const std::string& sentence, const char* words) {
  return sentence.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE_FIXTURE(order_world, "an order is a target and its options") {
  auto plain = order(address_order);
  CHECK(plain.target.text() == "192.0.2.7");
  CHECK(plain.profile == "standard");
  CHECK(plain.ports.empty());
  CHECK(plain.max_age == hours(24));
  CHECK(plain.priority == 0);
  auto full =
      order(R"({"target":"WWW.Example.com.","ports":"90,80-85,22,84","max_age":60,"priority":-9})");
  CHECK(full.target.text() == "www.example.com");
  CHECK(full.profile == "22,80-85,90");
  CHECK(full.ports.empty());
  CHECK(full.max_age == std::chrono::minutes(1));
  CHECK(full.priority == -9);
}

TEST_CASE_FIXTURE(order_world,
                  "a configured profile is written out in the request, a built-in one is not") {
  profiles = model::profile_book::with({{"web", "80,443"}}).value();
  CHECK(order(R"({"target":"192.0.2.7","profile":"web"})").ports == "80,443");
  CHECK(order(R"({"target":"192.0.2.7","profile":"full"})").ports.empty());
}

TEST_CASE_FIXTURE(order_world, "a refusal of an order names the field and the remedy") {
  struct {
    const char* order;
    const char* words;
  } const cases[] = {
      {"[]", "not an object"},
      {"{}", "target: is missing"},
      {R"({"target":null})", "target: is not a string but of the type null"},
      {R"({"target":""})", "target: "},
      {R"({"target":"192.0.2.0/24"})", "target: "},
      {R"({"target":"10.0.0.1"})", "target: "},
      {R"({"target":"192.0.2.7","prority":1})", "did you mean \"priority\"?"},
      {R"({"target":"192.0.2.7","webhook":null})", "webhook: this server sends no webhooks"},
      {R"({"target":"192.0.2.7","profile":"full","ports":"1"})",
       "ports: is given together with profile; give one of them"},
      {R"({"target":"192.0.2.7","profile":"ful"})", "did you mean \"full\"?"},
      {R"({"target":"192.0.2.7","profile":7})", "profile: is not a string"},
      {R"({"target":"192.0.2.7","ports":""})", "ports: "},
      {R"({"target":"192.0.2.7","ports":"65536"})", "ports: "},
      {R"({"target":"192.0.2.7","max_age":"1"})", "max_age: is not an integer between 0 and"},
      {R"({"target":"192.0.2.7","max_age":18446744073709551615})", "max_age: "},
      {R"({"target":"192.0.2.7","max_age":315360001})", "max_age: "},
      {R"({"target":"192.0.2.7","max_age":1.0})", "max_age: "},
      {R"({"target":"192.0.2.7","priority":-10})", "priority: is not an integer between -9 and 9"},
      {R"({"target":"192.0.2.7","priority":true})", "priority: "},
      {R"({"target":"192.0.2.7","depth":"Deep"})", "depth: is not one of light, standard, deep"},
      {R"({"target":"192.0.2.7","depth":3})", "depth: is not a string"},
  };
  for (const auto& each : cases) {
    auto said = refusal(each.order);
    CAPTURE(each.order);
    CAPTURE(said);
    CHECK(mentions(said, each.words));
  }
  CHECK(order(R"({"target":"192.0.2.7","max_age":315360000})").max_age == hours(24 * 3650));
}

TEST_CASE_FIXTURE(order_world, "a scope that is set later replaces the first one") {
  CHECK(order(address_order).target.text() == "192.0.2.7");
  auto closed = model::address_scope::from_rules({{}, {"192.0.2.0/24"}, {}}).value();
  service().orders().set_scope(std::make_shared<model::address_scope>(closed));
  CHECK(mentions(refusal(address_order), "target: "));
}

TEST_CASE_FIXTURE(order_world, "without keys there are no secrets, and a URL is checked first") {
  auto none = service().orders().webhook_secrets("https://hook.example/x", "ada");
  REQUIRE(!none);
  CHECK(none.error().code == make_error_code(errc::not_found));
  auto wrong = service().orders().webhook_secrets("hook.example", "ada");
  REQUIRE(!wrong);
  CHECK(wrong.error().code == make_error_code(errc::invalid));
}

}  // namespace sonde::ingest
