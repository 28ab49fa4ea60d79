#include "client/dead_deliveries.hpp"

#include "admin/redrive.hpp"
#include "client/errc.hpp"
#include "model/events.hpp"
#include "model/webhook/webhook_delivery.hpp"
#include "queue/limits.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/client/captured_output.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"

namespace sonde::client {
namespace {

const model::task_id task("44cf4073-2f2f-8000-8000-000000000001");

/// The webhook topics, and the records that a dispatcher writes to them.
struct webhooks_world {
  webhooks_world() {
    std::vector<queue::topic_spec> topics;
    for (const char* name : {model::topics::webhook_requests, model::topics::webhook_requests_dead,
                             model::topics::webhook_deliveries}) {
      topics.push_back({.name = name, .partitions = 2});
    }
    queue = queue::make_memory_queue(topics, "test", clock, bounds, log).value();
  }
  ~webhooks_world() { queue->close(); }
  webhooks_world(const webhooks_world&) = delete;
  webhooks_world& operator=(const webhooks_world&) = delete;

  queue::position put(record one) {
    std::vector<record> batch;
    batch.push_back(std::move(one));
    return test::run(queue->produce(std::move(batch))).value().front();
  }
  static model::webhook_message message(char hook, std::size_t body_bytes = 0) {
    model::webhook_message out;
    out.hook = {std::string(64, hook), "https://hooks.example.com:443", "c2VhbGVk"};
    out.task = task;
    out.id = model::delivery_id_of(task, out.hook.id);
    out.body = R"({"type":"scan.completed","data":{"target":"203.0.113.7","fill":")" +
               std::string(body_bytes, 'x') + "\"}}";
    return out;
  }
  /// Writes the delivery state of the message at this position.
  void state(const model::webhook_message& of, const queue::position& request,
             std::uint32_t attempts, model::delivery_state now) {
    model::webhook_delivery out;
    out.id = of.id;
    out.task = of.task;
    out.endpoint = of.hook.endpoint;
    out.request = request.offset;
    out.state = now;
    out.attempts = attempts;
    put(to_record(out, clock.now()));
  }
  /// Dead-letters the message at this position; returns the position of its dead letter.
  queue::position put_dead_letter(const model::webhook_message& what,
                                  const queue::position& request) {
    return put(model::to_dead_letter(to_record(what, ""),
                                     {request.topic, request.partition, request.offset}, "send",
                                     "the receiver answered 500", bounds.record_max_bytes));
  }
  std::vector<dead_delivery> dead() { return test::run(read_dead_deliveries(*queue)).value(); }
  std::string printed(output_form form) {
    test::captured_output captured;
    {
      terminal screen(form);
      CHECK(test::run(list_dead_deliveries(*queue, screen)) == exit_code::done);
    }
    err = captured.err();
    return captured.out();
  }

  queue::limits bounds;
  test::manual_clock clock;
  logger log{log_level::error};
  std::unique_ptr<queue::backend> queue;
  std::string err;
};

}  // namespace

TEST_CASE_FIXTURE(webhooks_world, "a dead delivery is listed with its scan, attempts and reason") {
  auto what = message('a');
  auto request = put(to_record(what, ""));
  state(what, request, 9, model::delivery_state::pending);
  auto letter = put_dead_letter(what, request);
  state(what, request, 10, model::delivery_state::dead);
  auto abandoned = clock.now();
  clock.advance(std::chrono::hours(1));

  model::json told = model::parse_own(printed(output_form::json));
  CHECK(told == model::json{{"letter",
                             {{"topic", "webhook.requests.dlq"},
                              {"partition", letter.partition},
                              {"offset", letter.offset}}},
                            {"time", to_rfc3339(abandoned)},
                            {"key", what.id.str()},
                            {"task", task.str()},
                            {"target", "203.0.113.7"},
                            {"endpoint", "https://hooks.example.com:443"},
                            {"attempts", 10},
                            {"stage", "send"},
                            {"error", "the receiver answered 500"},
                            {"from",
                             {{"topic", "webhook.requests"},
                              {"partition", request.partition},
                              {"offset", request.offset}}}});
  CHECK(err == "1 dead letter waits\n");

  auto table = printed(output_form::table);
  CHECK(table.starts_with("LETTER  TIME "));
  auto place = std::to_string(letter.partition) + ":" + std::to_string(letter.offset);
  CHECK(table.find("\n" + place + "     " + to_rfc3339(abandoned) + "  " + what.id.str() + "  " +
                   task.str() + "  203.0.113.7  10        the receiver answered 500\n") !=
        std::string::npos);
}

TEST_CASE_FIXTURE(webhooks_world, "each dead letter shows the attempts of its own request") {
  auto what = message('a');
  auto first = put(to_record(what, ""));
  put_dead_letter(what, first);
  state(what, first, 10, model::delivery_state::dead);
  REQUIRE(test::run(admin::redrive(*queue, {model::topics::webhook_requests}, clock))
              .value()
              .letters.size() == 1);
  CHECK(dead().empty());
  auto second = first;
  ++second.offset;
  auto letter = put_dead_letter(what, second);
  state(what, second, 3, model::delivery_state::dead);
  auto other = message('b');
  auto third = put(to_record(other, ""));
  put_dead_letter(other, third);
  state(other, third, 0, model::delivery_state::dead);

  auto found = dead();
  REQUIRE(found.size() == 2);
  for (const auto& each : found) {
    CAPTURE(each.id);
    REQUIRE(each.attempts);
    CHECK(*each.attempts == (each.id == what.id.str() ? 3U : 0U));
    if (each.id == what.id.str()) CHECK(each.stood.offset == letter.offset);
  }
}

TEST_CASE_FIXTURE(webhooks_world, "what a dead letter does not contain is left out") {
  auto what = message('a');
  put_dead_letter(what,
                  {model::topics::webhook_requests, 0, 7});  // its delivery states are deleted
  put({model::topics::webhook_requests_dead, "by hand", "no message", {}});
  auto found = dead();
  REQUIRE(found.size() == 2);
  for (const auto& each : found) {
    CHECK(!each.attempts);
    CHECK(each.task == (each.id == "by hand" ? "" : task.str()));
  }
  auto table = printed(output_form::table);
  CHECK(table.find("by hand ") != std::string::npos);
  CHECK(table.find(" -       ") != std::string::npos);
  CHECK(printed(output_form::json).find("attempts") == std::string::npos);
}

TEST_CASE_FIXTURE(webhooks_world,
                  "for a truncated dead letter the delivery state supplies the scan") {
  auto what = message('a', bounds.record_max_bytes);
  queue::position request{model::topics::webhook_requests, 0, 7};
  put_dead_letter(what, request);
  CHECK(dead().front().task.empty());
  state(what, request, 4, model::delivery_state::dead);
  auto found = dead().front();
  CHECK(found.task == task.str());
  CHECK(found.endpoint == "https://hooks.example.com:443");
  CHECK(found.attempts == 4U);
  CHECK(found.target.empty());
}

TEST_CASE_FIXTURE(webhooks_world, "without dead letters no table is printed") {
  CHECK(printed(output_form::table).empty());
  CHECK(err == "0 dead letters wait\n");
}

}  // namespace sonde::client
