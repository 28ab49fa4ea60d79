#include "admin/key_command.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::admin {

TEST_CASE("a key command survives the round trip through JSON") {
  key_command command;
  command.what = key_command::verb::create;
  command.id = "an id";
  command.order.name = "a name";
  command.order.user_id = "ada";
  command.order.roles = {"user", "reporter"};
  command.order.groups = {"a"};
  command.order.days = 3;
  auto read = parse_key_command(to_json_text(command)).value();
  CHECK(read.what == key_command::verb::create);
  CHECK(read.id == "an id");
  CHECK(read.order.name == "a name");
  CHECK(read.order.user_id == "ada");
  CHECK(read.order.roles == command.order.roles);
  CHECK(read.order.groups == command.order.groups);
  CHECK(read.order.days == 3);
  CHECK(!parse_key_command("{}"));
  CHECK(!parse_key_command("nonsense"));
  CHECK(!parse_key_command(R"({"verb":"steal","id":"","name":"","user":"","roles":[],)"
                           R"("groups":[],"days":0})"));
}

TEST_CASE("a command that changes keys has an action for its audit entry") {
  CHECK(action_of(key_command::verb::create) == "key.create");
  CHECK(action_of(key_command::verb::revoke) == "key.revoke");
  CHECK(action_of(key_command::verb::list).empty());
}

}  // namespace sonde::admin
