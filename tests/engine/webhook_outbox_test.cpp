// The scheduler's outbox of webhook messages, including the outbox of an earlier owner.

#include "model/events.hpp"
#include "model/scan/task_fold.hpp"
#include "tests/engine/scheduler_bench.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::scanner {
namespace {

using test::has_ended;
using test::scan_of;
using test::scheduler_bench;
using test::state_of;
using test::task_world;

model::webhook hook(const std::string& id) {
  return {id, "https://hooks.example.com:443", "c2VhbGVk"};
}

bool owes_nothing(const model::scan_task& task) {
  return has_ended(task) && task.pending.empty();
}

/// The order of the topics in which the end of a key was published. `tasks+` is a snapshot with a
/// filled outbox.
std::string order_of_ends(task_world& world) {
  std::string out;
  for (const auto& each : world.queue().accepted) {
    if (each.topic == model::topics::webhook_requests) out += "message ";
    if (each.topic != model::topics::scan_tasks || model::is_lease(each)) continue;
    auto task = model::parse_scan_task(each.value).value();
    if (has_ended(task)) out += task.pending.empty() ? "tasks " : "tasks+ ";
  }
  return out;
}

}  // namespace

TEST_CASE("a task's end records its outbox, publishes the messages, and records the empty outbox") {
  task_world world;
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::greets_with("SSH-2.0-x\r\n"));
    auto request = scan_of("127.77.0.1", std::to_string(server.port()));
    request.webhooks.push_back(hook("a"));
    co_await world.put(request);
    auto task = co_await world.once(request.key, owes_nothing);
    CHECK(order_of_ends(world) == "tasks+ message tasks ");
    auto messages = co_await world.all_of(model::topics::webhook_requests);
    REQUIRE(messages.size() == 1);
    auto message = model::parse_webhook_message(messages[0].what.value).value();
    CHECK(message.id == model::delivery_id_of(request.id(), "a"));
    CHECK(message.hook == hook("a"));
    // The same webhook again changes nothing. A different webhook is published at once.
    auto again = request;
    again.kind = model::request_kind::attach;
    co_await world.put(again);
    again.webhooks = {hook("b")};
    auto place = co_await world.put(again);
    auto folded = [&place](const model::scan_task& t) {
      return t.folded >= place.offset && t.pending.empty();
    };
    co_await world.once(request.key, folded);
    messages = co_await world.all_of(model::topics::webhook_requests);
    CHECK(messages.size() == 2);
  });
}

TEST_CASE("the next owner publishes the outbox of a former owner") {
  task_world world;
  std::vector<model::target_key> keys;
  auto before = [&]() -> awaitable<void> {
    for (int i = 1; i <= 150; ++i) {
      auto request = scan_of("192.0.2." + std::to_string(i), "1");
      request.webhooks.push_back(hook("a"));
      auto task = model::ended(test::task_of(request, i), {model::outcome_kind::complete, "x"},
                               request.requested);
      keys.push_back(request.key);
      co_await world.put(task);
    }
  };
  world.run(before());
  test::with_scheduler(world, [&](scheduler_bench&) -> awaitable<void> {
    for (const auto& key : keys)
      co_await world.once(key, owes_nothing);
    auto messages = co_await world.all_of(model::topics::webhook_requests);
    CHECK(messages.size() == keys.size());
  });
}

TEST_CASE("messages that cannot be written are retried until they are written") {
  task_world world;
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::greets_with("SSH-2.0-x\r\n"));
    int refusals = 0;
    world.queue().refuses = [&](const std::vector<record>& batch) {
      bool refuse = batch[0].topic == model::topics::webhook_requests && refusals < 2;
      if (refuse) ++refusals;
      return refuse;
    };
    auto request = scan_of("127.77.0.1", std::to_string(server.port()));
    request.webhooks.push_back(hook("a"));
    co_await world.put(request);
    co_await world.once(request.key, owes_nothing);
    CHECK(refusals == 2);
    CHECK(order_of_ends(world) == "tasks+ message tasks ");
  });
}

TEST_CASE("a scan that was cancelled while it was queued sends no probe") {
  task_world world;
  auto request = scan_of("127.77.0.1", "1");
  auto cancel = request;
  cancel.kind = model::request_kind::cancel;
  cancel.by = "ann";
  auto both = [&]() -> awaitable<void> {
    co_await world.put(request);
    co_await world.put(cancel);
  };
  world.run(both());
  test::with_scheduler(world, [&](scheduler_bench&) -> awaitable<void> {
    auto task = co_await world.once(request.key, has_ended);
    CHECK(state_of(task) == "cancelled cancelled");
    CHECK(task.attempt == 0);
  });
}

TEST_CASE("a cancelled running task of a dead owner ends without a new attempt") {
  task_world world;
  auto request = scan_of("127.77.0.1", "1");
  auto before = [&]() -> awaitable<void> {
    auto task = model::started(test::task_of(request, 3), request.requested);
    task.cancelled_by = "ann";
    co_await world.put(task);
  };
  world.run(before());
  test::with_scheduler(world, [&](scheduler_bench&) -> awaitable<void> {
    auto task = co_await world.once(request.key, has_ended);
    CHECK(state_of(task) == "cancelled cancelled");
    CHECK(task.attempt == 1);
  });
}

}  // namespace sonde::scanner
