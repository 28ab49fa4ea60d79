// Runs, with a runner that has no network.

#include "scanner/scheduler/task_dispatcher.hpp"

#include "model/events.hpp"
#include "model/scan/task_fold.hpp"
#include "queue/partitioner.hpp"
#include "scanner/scheduler/scheduler.hpp"
#include "tests/scanner/fake_scan_runner.hpp"
#include "tests/scanner/scheduler_fixture.hpp"
#include "tests/scanner/scheduler_process.hpp"
#include "tests/scanner/scheduler_simulation.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/until.hpp"

namespace sonde::scanner::dispatcher_tests {
namespace {

using test::fake_scan_runner;
using test::scan_of;
using test::scheduler_process;
using test::task_world;

/// To replay one seed, set `first_seed` to it and `seeds` to 1. Real pauses between retries make
/// more seeds too slow; `scheduler_simulation_test` has many.
constexpr std::uint64_t first_seed = 1;
constexpr std::uint64_t seeds = 20;

model::scan_request request_number(std::uint64_t number) {
  return scan_of("127.80.0." + std::to_string(1 + number), "80");
}

/// A dispatcher with its parts and the fake runner.
struct dispatch_bench {
  dispatch_bench(executor loop, task_world& world)
      : runner(loop),
        ledger(world.context(loop)),
        outbox(world.context(loop), ledger),
        progress(world.context(loop), ledger),
        recorder(world.context(loop), ledger, outbox, model::profile_book()),
        ready(world.context(loop), ledger, model::profile_book()),
        dispatcher(world.context(loop), runner, {ledger, ready, recorder, progress},
                   {test::test_rules(), model::profile_book()}),
        loops(loop, world.log(), "dispatcher") {}

  void start() { loops.spawn(dispatcher.dispatch()); }
  awaitable<void> stop(task_world& world) {
    dispatcher.stop_starting();
    co_await dispatcher.drain(world.in(0));
    co_await loops.join();
  }

  fake_scan_runner runner;
  task_ledger ledger;
  webhook_outbox outbox;
  progress_publisher progress;
  task_recorder recorder;
  ready_tasks ready;
  task_dispatcher dispatcher;
  task_group loops;
};

/// Writes the snapshot of a queued task to this partition of two.
awaitable<model::scan_task> put_queued(task_world& world, std::int32_t partition, int number) {
  std::uint64_t host = 0;
  for (int found = -1; found < number; ++host) {
    if (queue::partition_of(request_number(host).key.str(), 2) == partition) ++found;
  }
  auto task = test::task_of(request_number(host - 1));
  co_await world.put(task);
  co_await world.shown(task.key);
  co_return task;
}

/// Collects the topics of a world, for the checks of the simulation.
awaitable<test::simulated_log> log_of(task_world& world,
                                      std::vector<model::scan_request> requests) {
  test::simulated_log out;
  out.requests = std::move(requests);
  auto committed = co_await world.queue().committed(scanner_group, model::topics::scan_requests);
  out.committed = committed.value().front().offset;
  auto records = co_await world.all_of(model::topics::scan_tasks);
  std::string owner;
  int owners = 0;
  for (const auto& each : records) {
    if (model::is_lease(each.what)) {
      auto next = model::parse_lease(each.what.value).value().owner;
      if (next != owner) ++owners;
      owner = next;
      out.terms[epoch_at(each.offset)] = owner + "/" + std::to_string(owners);
      out.tasks.push_back({owner, nullptr});
      continue;
    }
    auto task = model::parse_scan_task(each.what.value).value();
    out.tasks.push_back({"", std::make_shared<const model::scan_task>(std::move(task))});
  }
  co_return out;
}

/// Waits until the log violates no invariant any more. Returns the violation that remains.
awaitable<std::string> violation_at_rest(task_world& world,
                                         std::vector<model::scan_request> requests) {
  std::string out = "not checked";
  for (auto deadline = world.in(5'000); !out.empty() && world.time().steady_now() < deadline;) {
    auto log = co_await log_of(world, requests);
    out = test::violation_of(log);
  }
  co_return out;
}

/// Processes come and go, a fenced owner takes leases, and writes fail, while requests arrive.
awaitable<std::string> disturb(task_world& world, std::uint64_t seed) {
  auto loop = co_await asio::this_coro::executor;
  test::dice random(seed);
  std::vector<model::scan_request> requests;
  std::vector<std::unique_ptr<scheduler_process>> processes;
  int started = 0;
  auto start = [&] {
    auto name = "p" + std::to_string(++started);
    processes.push_back(std::make_unique<scheduler_process>(loop, world, name));
  };
  start();
  for (int i = 0; i < 12; ++i) {
    world.queue().refuses = nullptr;
    auto roll = random.roll(10);
    if (roll == 0) {
      co_await world.put_lease("fenced");
    } else if (roll == 1 && processes.size() < 3) {
      start();
    } else if (roll == 2 && processes.size() > 1) {
      co_await processes.front()->stop();
      processes.erase(processes.begin());
    } else {
      requests.push_back(request_number(requests.size()));
      co_await world.put(requests.back());
    }
    world.queue().refuses = [&random](const std::vector<record>&) { return random.chance(5); };
    if (!requests.empty()) co_await world.shown(requests.back().key);
  }
  world.queue().refuses = nullptr;
  for (const auto& request : requests)
    co_await world.once(request.key, test::has_ended);
  auto violation = co_await violation_at_rest(world, std::move(requests));
  for (auto& each : processes)
    co_await each->stop();
  co_return violation;
}

}  // namespace

TEST_CASE("the limit of running tasks holds, and a cancellation ends a run") {
  task_world world;
  world.bounds().running_tasks = 2;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    scheduler_process one(loop, world, "one");
    one.runner().hold();
    for (std::uint64_t i = 0; i < 2; ++i)
      co_await world.put(request_number(i));
    co_await test::until([&] { return one.runner().running() == 2; });
    for (std::uint64_t i = 2; i < 4; ++i)
      co_await world.put(request_number(i));
    auto cancel = request_number(0);
    cancel.kind = model::request_kind::cancel;
    cancel.by = "ann";
    co_await world.put(cancel);
    auto cancelled = co_await world.once(cancel.key, test::has_ended);
    CHECK(test::state_of(cancelled) == "cancelled cancelled");
    co_await test::until([&] { return one.runner().begun() == 3; });
    CHECK(one.runner().running() == 2);
    one.runner().let_finish();
    for (std::uint64_t i = 1; i < 4; ++i) {
      auto task = co_await world.once(request_number(i).key, test::has_ended);
      CHECK(test::state_of(task) == "done complete");
    }
    CHECK(one.runner().begun() == 4);
    co_await one.stop();
  }());
}

TEST_CASE("no run starts in a suspended partition, and its tasks run after it is resumed") {
  task_world world(2);
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    dispatch_bench b(loop, world);
    auto ready = co_await put_queued(world, 0, 0);
    auto folded = co_await put_queued(world, 0, 1);
    b.ledger.own(0, 10);
    b.ledger.own(1, 11);
    b.dispatcher.take(ready, 0);
    b.start();  // the run of this task begins, and waits for its snapshot
    std::vector<std::int32_t> announced{0};
    b.dispatcher.suspend(announced);
    b.dispatcher.take(folded, 0);
    for (int i = 0; i < 2; ++i) {
      auto other = co_await put_queued(world, 1, i);
      b.dispatcher.look_around();
      auto task = co_await world.once(other.key, test::has_ended);
      CHECK(test::state_of(task) == "done complete");
    }
    CHECK(b.runner.begun() == 2);
    b.dispatcher.resume(0);
    b.dispatcher.look_around();
    std::vector<model::target_key> resumed{ready.key, folded.key};
    for (const auto& key : resumed) {
      auto task = co_await world.once(key, test::has_ended);
      CHECK(test::state_of(task) == "done complete");
      CHECK(task.attempt == 1);
    }
    CHECK(b.runner.begun() == 4);
    co_await b.stop(world);
  }());
}

TEST_CASE("the next owner begins the generation that waits after an end") {
  task_world world;
  auto first = request_number(0);
  auto second = first;
  second.generation = 2;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    // The former owner has died between the snapshots of the end and of the next generation.
    auto left = test::task_of(first);
    left = model::started(std::move(left), first.requested);
    left.next = second;
    left = model::ended(std::move(left), {model::outcome_kind::complete, "ended"}, first.requested);
    co_await world.put(left);
    scheduler_process one(loop, world, "one");
    auto second_ended = [](const model::scan_task& task) {
      return task.current.number == 2 && test::has_ended(task);
    };
    auto task = co_await world.once(first.key, second_ended);
    CHECK(task.history.size() == 1);
    co_await one.stop();
  }());
}

TEST_CASE("processes that come and go, and a fenced owner, lose no request and repeat no end") {
  for (auto seed = first_seed; seed < first_seed + seeds; ++seed) {
    task_world world;
    std::string violation = "not run";
    world.run([&]() -> awaitable<void> { violation = co_await disturb(world, seed); }());
    CAPTURE(seed);
    REQUIRE(violation == "");
  }
}

}  // namespace sonde::scanner::dispatcher_tests
