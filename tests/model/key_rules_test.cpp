#include "model/auth/key_rules.hpp"

#include "tests/support/doctest.hpp"

#include <chrono>

namespace sonde::model {
namespace {

using names = std::vector<std::string>;

const wall_time now{std::chrono::seconds(1'767'323'045)};

credential key(const char* id, names roles, group_list groups, const char* parent = "") {
  credential out;
  out.id = key_id(id);
  out.user_id = "ada";
  out.roles = std::move(roles);
  out.groups = std::move(groups);
  out.parent = key_id(parent);
  return out;
}

checked_key check(const std::vector<credential>& keys) {
  std::vector<const credential*> chain;
  for (const auto& each : keys)
    chain.push_back(&each);
  return check_chain(chain, now);
}

}  // namespace

TEST_CASE("a derived key has the rights common to its whole chain, and the earliest expiry") {
  auto first = key("a", {"reporter", "user"}, {"red", "blue"});
  auto second = key("b", {"admin", "reporter"}, {"red"}, "a");
  auto third = key("c", {"admin", "reporter", "trusted", "user"}, {"blue", "red"}, "b");
  first.expires = now + std::chrono::hours(2);
  third.expires = now + std::chrono::hours(3);
  auto checked = check({third, second, first});
  REQUIRE(checked.state == key_state::valid);
  CHECK(checked.rights.roles == names{"reporter", "user"});
  CHECK(checked.rights.groups == names{"red"});
  CHECK(checked.rights.expires == first.expires);
  CHECK(checked.rights.first == first.id);
  CHECK(checked.rights.depth == 3);
  // The role admin includes every role.
  auto root = key("r", {"admin"}, {"red"});
  CHECK(check({key("d", {"trusted"}, {"red"}, "r"), root}).rights.roles == names{"trusted"});
}

TEST_CASE("a key ends when its parent ends") {
  auto first = key("a", {"user"}, {"red"});
  auto second = key("b", {"user"}, {"red"}, "a");
  CHECK(check({second, first}).state == key_state::valid);
  CHECK(check({second}).state == key_state::revoked);
  CHECK(check({}).state == key_state::revoked);
  auto expired = first;
  expired.expires = now;
  CHECK(check({second, expired}).state == key_state::expired);
  auto revoked = first;
  revoked.revoked = now;
  CHECK(check({second, revoked}).state == key_state::revoked);
  auto foreign = first;
  foreign.user_id = "ben";
  CHECK(check({second, foreign}).state == key_state::revoked);
  auto elsewhere = first;
  elsewhere.groups = {"blue"};
  CHECK(check({second, elsewhere}).state == key_state::revoked);
}

TEST_CASE("an order cannot exceed the rights of its parent") {
  key_rights parent{{"user"}, {"red"}, std::nullopt, key_id("a"), 3};
  key_order order;
  order.roles = {"user"};
  order.groups = {"red"};
  CHECK(check_derived(order, parent, 4));
  auto deep = check_derived(order, parent, 3);
  REQUIRE(!deep);
  CHECK(deep.error().message().find("limits.key_depth") != std::string::npos);
  order.roles = {"admin"};
  CHECK(!check_derived(order, parent, 4));
  parent.roles = {"admin"};
  CHECK(check_derived(order, parent, 4));
  order.groups = {"blue"};
  CHECK(!check_derived(order, parent, 4));
}

TEST_CASE("an order for a reserved user of Sonde is refused") {
  key_order order;
  for (const char* user : {"admin", "sonde", "Admin", "SONDE"}) {
    order.user_id = user;
    CHECK(is_reserved_user(user));
    CHECK(!check_reserved_user(order));
  }
  order.parent = key_id("a");
  CHECK(check_reserved_user(order));
  order = {};
  CHECK(check_reserved_user(order));
  CHECK(!is_reserved_user("sondeur"));
}

TEST_CASE("the record and the description of a key contain its parent") {
  key_order order;
  order.roles = {"user"};
  order.parent = key_id("000102030405060708090a0b");
  auto made = make_key(order, {}, now).what;
  CHECK(parse_credential(to_json_text(made)).value() == made);
  CHECK(describe(made, std::nullopt)["derivedFrom"] == "000102030405060708090a0b");
  auto text = to_json_text(made);
  text.replace(text.find("000102030405060708090a0b"), 2, "zz");
  CHECK(!parse_credential(text));
}

}  // namespace sonde::model
