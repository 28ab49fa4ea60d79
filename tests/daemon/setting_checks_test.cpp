#include "daemon/setting_checks.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::daemon {
namespace {

std::string refusal_of(const setting_check& check, const setting_value& value) {
  auto checked = check(value);
  return checked ? std::string() : checked.error().message();
}

}  // namespace

TEST_CASE("a check refuses a value of another form and says which form it takes") {
  const setting_value number = std::int64_t{5};
  const setting_value text = std::string("a");
  CHECK(refusal_of(any_text(), number) == "is not a string");
  CHECK(refusal_of(one_of({"a", "b"}), number) == "is not a string");
  CHECK(refusal_of(true_or_false(), text) == "is neither true nor false");
  CHECK(refusal_of(list_that(check_roles), text) == "is not a list of strings");
  CHECK(refusal_of(number_between(1, 9), text) == "is not a number between 1 and 9");
}

TEST_CASE("a check accepts the values in its bounds only") {
  auto between = number_between(1, 9);
  for (std::int64_t inside : {1, 9})
    CHECK(refusal_of(between, inside).empty());
  for (std::int64_t outside : {0, 10, -1})
    CHECK(refusal_of(between, outside) == "is not a number between 1 and 9");
  CHECK(refusal_of(number_between(0), std::int64_t{4'294'967'295}).empty());
  CHECK(!refusal_of(number_between(0), std::int64_t{4'294'967'296}).empty());
  CHECK(refusal_of(one_of({"a", "b"}), std::string("b")).empty());
  CHECK(refusal_of(one_of({"a", "b"}), std::string("c")) == "\"c\" is not one of a, b");
  CHECK(refusal_of(text_that(check_prefix), std::string("so nde")) ==
        "is not a prefix of letters, digits, dots, - and _");
}

TEST_CASE("a list of roles names known roles, and at least one") {
  CHECK(check_roles({"ingest", "scanner", "view", "webhook"}));
  CHECK(check_roles({}).error().message() == "names no role");
  CHECK(check_roles({"ingest", "probe"}).error().message() ==
        "\"probe\" is not one of ingest, scanner, view, webhook");
}

TEST_CASE("the wildcard of gateway names stands alone") {
  CHECK(check_gateway_names({"*"}));
  CHECK(check_gateway_names({"a.example", "b.example"}));
  CHECK(!check_gateway_names({"*", "a.example"}));
  CHECK(!check_gateway_names({"a,b"}));
  CHECK(!check_gateway_names({""}));
}

}  // namespace sonde::daemon
