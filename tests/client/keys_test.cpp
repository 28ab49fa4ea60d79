#include "client/keys.hpp"

#include "client/errc.hpp"
#include "tests/client/captured_output.hpp"
#include "tests/client/replaced_output.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

#include <algorithm>

namespace sonde::client {
namespace {

using admin::key_command;
using verb = key_command::verb;

/// A daemon that returns one prepared response to a verb.
struct keys_world {
  static key_command create(std::string name) {
    key_command out;
    out.what = verb::create;
    out.order.name = std::move(name);
    out.order.roles = {"user"};
    return out;
  }
  static key_command revoke(std::string id) {
    key_command out;
    out.what = verb::revoke;
    out.id = std::move(id);
    return out;
  }
  /// Runs the verb; returns the exit code. `out` and `err` have what it printed.
  int run(key_command command, output_form form) {
    test::captured_output captured;
    int code = -1;
    {
      terminal screen(form);
      auto function = [this](key_command) -> awaitable<result<model::json>> { co_return answer; };
      code = test::run(run_key_command(function, std::move(command), screen));
    }
    out = captured.out();
    err = captured.err();
    return code;
  }
  bool printed(const std::string& text) const { return out.find(text) != std::string::npos; }

  result<model::json> answer = model::json::object();
  std::string out;
  std::string err;
};

model::json described(const char* name, bool used) {
  model::key_order order;
  order.name = name;
  order.roles = {"user"};
  order.days = used ? 0 : 1;
  wall_time then{std::chrono::seconds(1'767'323'045)};
  auto key = model::make_key(std::move(order), {}, then).what;
  return model::describe(key, used ? std::optional(then) : std::nullopt);
}

}  // namespace

TEST_CASE_FIXTURE(keys_world, "a terminal gets a table, a program gets JSON lines") {
  auto key = model::make_key(create("first").order, {}, wall_time{});
  answer = model::to_json(key);
  CHECK(run(create("first"), output_form::table) == exit_code::done);
  CHECK(printed("token       sonde_00"));
  CHECK(printed("expires     never"));
  CHECK(err.find("shown only once") != std::string::npos);
  CHECK(run(create("first"), output_form::json) == exit_code::done);
  CHECK(model::parse_own(out)["keyName"] == "first");
  answer = model::json{{"keys", {described("first", true), described("second", false)}}};
  CHECK(run({}, output_form::table) == exit_code::done);
  CHECK(out.starts_with("KEY "));
  CHECK(printed("2026-01-02T03:04Z"));
  CHECK(printed("2026-01-03  -\n"));
  CHECK(run({}, output_form::json) == exit_code::done);
  CHECK(std::ranges::count(out, '\n') == 2);
}

TEST_CASE_FIXTURE(keys_world, "a new key is shown with its user, its roles and its groups") {
  auto made = model::to_json(model::make_key(create("first").order, {}, wall_time{}));
  made["userID"] = "ada";
  made["roles"] = model::json::array({"reporter", "user"});
  made["groups"] = model::json::array({"blue"});
  answer = made;
  CHECK(run(create("first"), output_form::table) == exit_code::done);
  CHECK(printed("\nuser        ada\nroles       reporter,user\ngroups      blue\nexpires "));
}

TEST_CASE_FIXTURE(keys_world, "a key whose secret could not be printed is named for revocation") {
  auto key = model::make_key(create("first").order, {}, wall_time{});
  answer = model::to_json(key);
  auto id = key.what.id.str();
  for (auto form : {output_form::table, output_form::json}) {
    test::captured_output captured;
    int code = -1;
    {
      test::replaced_output full(test::full_disk());
      terminal screen(form);
      auto function = [this](key_command) -> awaitable<result<model::json>> { co_return answer; };
      code = screen.finish(test::run(run_key_command(function, create("first"), screen)));
    }
    err = captured.err();
    CHECK(code == exit_code::output);
    CHECK(err.starts_with("sonde: standard output cannot be written: No space"));
    CHECK(err.find("sonde: the key " + id + " was created") != std::string::npos);
    CHECK(err.find("`sonde key revoke " + id + "`") != std::string::npos);
    CHECK(err.find("shown only once") == std::string::npos);
  }
}

TEST_CASE_FIXTURE(keys_world, "a revocation reports the revoked key, or why it failed") {
  answer = model::json{{"message", "acknowledged"}};
  CHECK(run(revoke("ab12"), output_form::json) == exit_code::done);
  CHECK(out == "{\"message\":\"acknowledged\"}\n");
  CHECK(err.find("the key ab12 is revoked") != std::string::npos);
  answer = fail(errc::not_found, "there is no key");
  CHECK(run(revoke("ab12"), output_form::table) == exit_code::scan_failed);
  CHECK(out.empty());
  CHECK(err.find("there is no key") != std::string::npos);
}

}  // namespace sonde::client
