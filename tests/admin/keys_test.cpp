#include "admin/keys.hpp"

#include "admin/errc.hpp"
#include "model/events.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"

#include <algorithm>

namespace sonde::admin {
namespace {

using verb = key_command::verb;

/// `sonde key` on a queue without a daemon.
struct keys_here {
  keys_here() {
    std::vector<queue::topic_spec> topics = {
        {.name = model::topics::credentials, .policy = queue::cleanup::compact},
        {.name = model::topics::audit}};
    queue = queue::make_memory_queue(topics, "test", wall, bounds, log).value();
  }
  ~keys_here() { queue->close(); }

  result<model::json> ask(key_command command) {
    return test::run(do_key_command_here(*queue, std::move(command), bounds, clock));
  }
  static key_command create(std::string name, std::string user = {}) {
    key_command out;
    out.what = verb::create;
    out.order.name = std::move(name);
    out.order.user_id = std::move(user);
    out.order.roles = {"user"};
    return out;
  }
  static key_command revoke(const model::json& made) {
    key_command out;
    out.what = verb::revoke;
    out.id = made["keyID"].get<std::string>();
    return out;
  }
  bool refused(key_command command, errc code, const char* words) {
    auto answer = ask(std::move(command));
    REQUIRE(!answer);
    CAPTURE(answer.error().message());
    CHECK(answer.error().code == make_error_code(code));
    return answer.error().message().find(words) != std::string::npos;
  }

  views::limits bounds;
  system_clock wall;
  test::manual_clock clock;
  logger log{log_level::error};
  std::unique_ptr<queue::backend> queue;
};

}  // namespace

TEST_CASE_FIXTURE(keys_here, "keys are created, listed and revoked on the queue") {
  auto first = ask(create("first")).value();
  auto second = ask(create("second")).value();
  CHECK(ask({}).value()["keys"].size() == 2);
  CHECK(ask(revoke(first)).value()["message"] == "acknowledged");
  auto left = ask({}).value()["keys"];
  REQUIRE(left.size() == 1);
  CHECK(left[0]["keyID"] == second["keyID"]);
  CHECK(refused(revoke(first), errc::not_found, "sonde key list"));
  auto all = test::run(read_keys(*queue)).value();
  CHECK(all.size() == 2);
  CHECK(std::ranges::count_if(all, [](const auto& key) { return key.revoked.has_value(); }) == 1);
}

TEST_CASE_FIXTURE(keys_here, "the response for a new key has the fields that its order left out") {
  auto made = ask(create("first")).value();
  auto user = "key-" + made["keyID"].get<std::string>();
  CHECK(made["userID"] == user);
  CHECK(made["roles"] == model::json::array({"user"}));
  CHECK(made["groups"] == model::json::array({"user:" + user}));
  CHECK(ask(create("second", "ada")).value()["userID"] == "ada");
}

TEST_CASE_FIXTURE(keys_here, "a change leaves an audit entry, refused or not, and a list none") {
  auto entries = [&] {
    std::vector<std::string> topics = {model::topics::audit};
    return test::run(queue->ends(topics)).value().at(0).offset;
  };
  auto made = ask(create("first")).value();
  CHECK(entries() == 1);
  REQUIRE(ask({}));
  CHECK(entries() == 1);
  REQUIRE(ask(revoke(made)));
  CHECK(!ask(revoke(made)));
  CHECK(entries() == 3);
}

TEST_CASE_FIXTURE(keys_here, "a list shows when keys were last used") {
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
  CHECK(told["last_used"] == to_rfc3339(last));
  CHECK(told["lastUsed"] ==
        std::chrono::floor<std::chrono::seconds>(last).time_since_epoch().count());
}

TEST_CASE_FIXTURE(keys_here, "an invalid order, or an order for a reserved user, creates no key") {
  auto order = create("first");
  order.order.roles = {"emperor"};
  CHECK(refused(order, errc::invalid, "emperor"));
  for (const char* user : {"admin", "sonde", "Sonde", "ADMIN"})
    CHECK(refused(create("x", user), errc::invalid, "reserved"));
  CHECK(test::run(read_keys(*queue)).value().empty());
}

TEST_CASE_FIXTURE(keys_here, "the limits of keys also apply to the command line") {
  bounds.keys_per_user = 2;
  bounds.keys = 3;
  REQUIRE(ask(create("first", "ada")));
  REQUIRE(ask(create("second", "ada")));
  CHECK(refused(create("third", "ada"), errc::too_many, "limits.keys_per_user"));
  REQUIRE(ask(create("first", "ben")));
  CHECK(refused(create("second", "ben"), errc::full, "limits.keys"));
}

}  // namespace sonde::admin
