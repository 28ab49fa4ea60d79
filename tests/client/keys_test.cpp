#include "client/keys.hpp"

#include "base/limits.hpp"
#include "client/errc.hpp"
#include "model/events.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/client/captured_output.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"

#include <algorithm>

namespace sonde::client {
namespace {

using verb = key_command::verb;

struct keys_world {
  keys_world() {
    std::vector<queue::topic_spec> topics = {
        {.name = model::topics::credentials, .policy = queue::cleanup::compact}};
    queue = queue::make_memory_queue(topics, "test", wall, bounds, log).value();
  }
  ~keys_world() { queue->close(); }

  result<model::json> ask(key_command command) {
    auto random = [this](std::span<std::byte> into) {
      std::ranges::fill(into, std::byte{7});
      into[0] = static_cast<std::byte>(++made);
    };
    return test::run(do_key_command(*queue, std::move(command), random, bounds.key_days, clock));
  }
  static key_command create(std::string name) {
    key_command out;
    out.what = verb::create;
    out.order.name = std::move(name);
    out.order.roles = {"user"};
    return out;
  }
  static key_command revoke(const model::json& made) {
    key_command out;
    out.what = verb::revoke;
    out.id = made["keyID"].get<std::string>();
    return out;
  }
  /// The verb, with the exit code; `out` and `err` have what it printed.
  int run(key_command command, output_form form) {
    test::captured_output captured;
    int code = -1;
    {
      terminal screen(form);
      auto function = [this](key_command c) -> awaitable<result<model::json>> {
        auto random = [this](std::span<std::byte> into) {
          std::ranges::fill(into, std::byte{7});
          into[0] = static_cast<std::byte>(++made);
        };
        return do_key_command(*queue, std::move(c), random, bounds.key_days, clock);
      };
      code = test::run(run_key_command(function, std::move(command), screen));
    }
    out = captured.out();
    err = captured.err();
    return code;
  }
  bool printed(const std::string& text) const { return out.find(text) != std::string::npos; }

  limits bounds;
  system_clock wall;
  test::manual_clock clock;
  logger log{log_level::error};
  std::unique_ptr<queue::backend> queue;
  std::uint8_t made = 0;
  std::string out;
  std::string err;
};

}  // namespace

TEST_CASE_FIXTURE(keys_world, "keys are made, listed and revoked on the queue") {
  auto first = ask(create("first")).value();
  auto second = ask(create("second")).value();
  CHECK(ask({}).value()["keys"].size() == 2);
  CHECK(ask(revoke(first)).value()["message"] == "acknowledged");
  auto left = ask({}).value()["keys"];
  REQUIRE(left.size() == 1);
  CHECK(left[0]["keyID"] == second["keyID"]);
  auto again = ask(revoke(first));
  REQUIRE(!again);
  CHECK(again.error().code == make_error_code(errc::not_found));
  auto all = test::run(read_keys(*queue)).value();
  CHECK(all.size() == 2);
  CHECK(std::ranges::count_if(all, [](const auto& key) { return key.revoked.has_value(); }) == 1);
}

TEST_CASE_FIXTURE(keys_world, "a list tells when keys were last used") {
  auto key = ask(create("first")).value();
  model::key_use use{model::key_id(key["keyID"].get<std::string>()), clock.now()};
  for (auto at : {use.at + std::chrono::minutes(3), use.at}) {
    use.at = at;
    std::vector<record> batch;
    batch.push_back(to_record(use));
    REQUIRE(test::run(queue->produce(std::move(batch))));
  }
  auto told = ask({}).value()["keys"].at(0);
  auto last = use.at + std::chrono::minutes(3);
  CHECK(told["lastUsed"] ==
        std::chrono::floor<std::chrono::seconds>(last).time_since_epoch().count());
  CHECK(run({}, output_form::table) == exit_code::done);
  CHECK(printed(to_rfc3339(last).substr(0, 16) + "Z"));
}

TEST_CASE_FIXTURE(keys_world, "an order that is none makes nothing") {
  auto order = create("first");
  order.order.roles = {"emperor"};
  auto refused = ask(order);
  REQUIRE(!refused);
  CHECK(refused.error().code == make_error_code(errc::usage));
  CHECK(test::run(read_keys(*queue)).value().empty());
}

TEST_CASE_FIXTURE(keys_world, "a person sees a table, a program JSON lines") {
  CHECK(run(create("first"), output_form::table) == exit_code::done);
  CHECK(printed("token       sonde_01"));
  CHECK(printed("expires     never"));
  CHECK(err.find("shown this once") != std::string::npos);
  auto days = create("second");
  days.order.days = 1;
  CHECK(run(days, output_form::json) == exit_code::done);
  auto made_key = model::parse_own(out);
  CHECK(made_key["keyName"] == "second");
  CHECK(run({}, output_form::table) == exit_code::done);
  CHECK(out.starts_with("KEY "));
  CHECK(printed("second"));
  CHECK(printed("2026-01-03  -\n"));
  CHECK(run({}, output_form::json) == exit_code::done);
  CHECK(std::ranges::count(out, '\n') == 2);
  CHECK(run(revoke(made_key), output_form::json) == exit_code::done);
  CHECK(out == "{\"message\":\"acknowledged\"}\n");
  CHECK(err.find("is revoked") != std::string::npos);
  CHECK(run(revoke(made_key), output_form::table) == exit_code::scan_failed);
  CHECK(out.empty());
  CHECK(err.find("sonde key list") != std::string::npos);
}

TEST_CASE("a command is the same on the other side of a socket") {
  key_command command;
  command.what = verb::create;
  command.id = "an id";
  command.order.name = "a name";
  command.order.user_id = "ada";
  command.order.roles = {"user", "reporter"};
  command.order.groups = {"a"};
  command.order.days = 3;
  auto read = parse_key_command(to_json_text(command)).value();
  CHECK(read.what == verb::create);
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

}  // namespace sonde::client
