#include "model/events.hpp"
#include "model/scan/task_fold.hpp"
#include "queue/partitioner.hpp"
#include "tests/engine/fake_dns.hpp"
#include "tests/engine/scheduler_bench.hpp"
#include "tests/scanner/scheduler_process.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/until.hpp"

/// The owner of a partition's tasks, the takeover of a dead owner's tasks, and the shutdown of a
/// process.
namespace sonde::scanner {
namespace {

using model::task_state;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::has_ended;
using test::scan_of;
using test::scheduler_bench;
using test::state_of;
using test::task_world;

/// Sets limits under which a conversation with a mute server lasts longer than any test.
void make_conversations_long(task_world& world) {
  world.bounds().greeting_timeout_ms = 50'000;
  world.bounds().conversation_timeout_ms = 50'000;
}

awaitable<void> until_accepted(test::loopback_server& server) {
  return test::until([&server] { return server.accepted() > 0; });
}

/// Waits until no task runs, not even to publish its findings.
awaitable<void> until_idle(task_world& world) {
  return test::until([&world] {
    return world.counts().text().find("sonde_scans_running 0\n") != std::string::npos;
  });
}

model::scan_request scan_of_server(const test::loopback_server& server) {
  return scan_of("127.77.0.1", std::to_string(server.port()));
}

/// Writes the snapshot that a dead process leaves of a task that it had started.
awaitable<model::scan_task> left_by_the_dead(task_world& world, const model::scan_request& request,
                                             std::uint32_t stalled = 1) {
  auto lease = co_await world.put_lease("dead");
  auto task = model::started(test::task_of(request), world.time().now());
  task.version = {static_cast<std::uint64_t>(lease.offset) + 1, 2};
  task.stalled = stalled;
  co_await world.put(task);
  co_return task;
}

/// The time that a stop without a grace period takes.
awaitable<milliseconds> stop_at_once(scheduler_bench& b, task_world& world) {
  auto begun = world.time().steady_now();
  co_await b.stop(0);
  co_return std::chrono::duration_cast<milliseconds>(world.time().steady_now() - begun);
}

}  // namespace

TEST_CASE("unfinished tasks of a dead process run again") {
  task_world world;
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::greets_with("SSH-2.0-test_1\r\n"));
    auto request = scan_of_server(server);
    co_await b.stop();
    auto left = co_await left_by_the_dead(world, request);
    CHECK(left.attempt == 1);
    scheduler_bench next(b.loop(), world, {"127.0.0.1:1"});
    auto task = co_await world.once(request.key, has_ended);
    CHECK(task.attempt == 2);
    CHECK(task.version.epoch > left.version.epoch);
    CHECK(state_of(task) == "done complete");
    CHECK(task.results_total == 1);
    co_await next.finish();
  });
}

TEST_CASE("an unfinished scan resumes at the cursor of its last snapshot") {
  task_world world;
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& was_open = b.serve(test::greets_with("SSH-2.0-test_1\r\n"));
    auto& was_closed = b.serve(test::greets_with("SSH-2.0-test_1\r\n"));
    auto ports = std::to_string(was_open.port()) + "," + std::to_string(was_closed.port());
    auto request = scan_of("127.77.0.1", ports);
    auto left = test::task_of(request);
    left.progress = {2, 2, 1};
    left.cursors["127.77.0.1"] = {2, std::to_string(was_open.port()), "", true};
    co_await b.stop();
    co_await world.put(left);
    scheduler_bench next(b.loop(), world, {"127.0.0.1:1"});
    auto task = co_await world.once(request.key, has_ended);
    CHECK(state_of(task) == "done complete");
    CHECK(task.progress == model::task_progress{2, 2, 1, 1});
    REQUIRE(task.results.size() == 1);
    CHECK(was_open.accepted() == 1);
    CHECK(was_closed.accepted() == 0);
    co_await next.finish();
  });
}

TEST_CASE("a target that crashes its scanner is not scanned indefinitely") {
  task_world world;
  auto request = scan_of("127.77.0.1", "9");
  auto leave = [&]() -> awaitable<void> {
    co_await left_by_the_dead(world, request, world.bounds().task_attempts);
  };
  world.run(leave());
  test::with_scheduler(world, [&](scheduler_bench&) -> awaitable<void> {
    auto task = co_await world.once(request.key, has_ended);
    CHECK(state_of(task) == "failed attempts");
    CHECK(task.current.outcome->reason.find("10 times in a row") != std::string::npos);
  });
}

TEST_CASE("stopping requeues unfinished tasks, and the next process finishes them") {
  task_world world;
  make_conversations_long(world);
  model::target_key key;
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::is_mute());
    auto request = scan_of_server(server);
    key = request.key;
    co_await world.put(request);
    co_await until_accepted(server);
    auto took = co_await stop_at_once(b, world);
    CHECK(took < seconds(3));
    auto task = co_await world.shown(key);
    CHECK(state_of(*task) == "queued");
    CHECK(task->cursors.contains("127.77.0.1"));
    CHECK(task->stalled == 0);
  });
  test::with_scheduler(world, [&](scheduler_bench&) -> awaitable<void> {
    // The server of the scan no longer runs.
    auto task = co_await world.once(key, has_ended);
    CHECK(state_of(task) == "done complete");
    CHECK(task.results_total == 0);
  });
}

TEST_CASE("stopping lets tasks finish that end within the grace period") {
  task_world world;
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    bool stopping = false;
    auto greets_late = [&stopping](test::tcp_socket peer) -> awaitable<void> {
      co_await test::until([&stopping] { return stopping; });
      co_await test::say(peer, "SSH-2.0-test_1\r\n");
    };
    auto& server = b.serve(greets_late);
    auto request = scan_of_server(server);
    co_await world.put(request);
    co_await until_accepted(server);
    auto next = scan_of("127.77.0.2", std::to_string(server.port()));
    stopping = true;
    co_await b.stop(10'000);
    auto task = co_await world.shown(request.key);
    CHECK(state_of(*task) == "done complete");
    co_await world.put(next);
    co_await test::pause(milliseconds(50));  // pause: no process may take it in this time
    CHECK(test::snapshots_of(world, next.key).empty());
  });
}

TEST_CASE("a scan that still waits for a look-up is stopped too") {
  task_world world;
  make_conversations_long(world);
  event_loop loop("names");
  std::atomic<int> asked = 0;
  // The second try is answered, 200 ms after the first.
  auto late = [&](const std::string& query, test::query_type type) -> std::optional<std::string> {
    if (++asked <= 2) return std::nullopt;
    if (type == test::query_type::aaaa) return test::with_code(query, 0);
    return test::with_address(query, type, {'\x7F', 77, 0, 1});
  };
  test::fake_dns names(loop.get_executor(), late);
  loop.start();
  auto body = [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::is_mute());
    auto request = scan_of("host.example", std::to_string(server.port()));
    co_await world.put(request);
    co_await test::until([&] { return asked >= 2; });
    auto took = co_await stop_at_once(b, world);
    CHECK(took < seconds(3));
    auto task = co_await world.shown(request.key);
    CHECK(state_of(*task) == "queued");
    CHECK(server.accepted() == 0);
  };
  test::with_scheduler(world, body, {names.address()});
  auto stop = [&] { return names.stop(); };
  asio::co_spawn(loop.context(), stop, asio::detached);
  loop.join();
}

TEST_CASE("a process stops although the queue refuses every record") {
  task_world world;
  make_conversations_long(world);
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::is_mute());
    auto request = scan_of_server(server);
    co_await world.put(request);
    co_await until_accepted(server);
    world.queue().refuses = [](const std::vector<record>&) { return true; };
    auto took = co_await stop_at_once(b, world);
    CHECK(took < seconds(3));
    world.queue().refuses = {};
    auto task = co_await world.shown(request.key);
    CHECK(state_of(*task) == "running");
  });
}

TEST_CASE("another owner's lease ends the running tasks, and no more records are written") {
  task_world world;
  make_conversations_long(world);
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::is_mute());
    auto request = scan_of_server(server);
    co_await world.put(request);
    co_await until_accepted(server);
    auto from = world.queue().accepted.size();
    co_await world.put_lease("another");
    co_await until_idle(world);
    auto accepted = server.accepted();
    auto later = scan_of("127.77.0.2", std::to_string(server.port()));
    co_await world.put(later);
    co_await test::pause(milliseconds(200));  // pause: the fenced owner may not take it
    CHECK(server.accepted() == accepted);
    for (auto i = from; i < world.queue().accepted.size(); ++i) {
      const auto& each = world.queue().accepted[i];
      bool the_tests_own = model::is_lease(each) || each.topic == model::topics::scan_requests;
      CHECK((the_tests_own || each.topic == model::topics::scan_progress));
    }
    auto took = co_await stop_at_once(b, world);
    CHECK(took < seconds(1));
  });
}

TEST_CASE("an owner that lost its partition does not keep retrying to publish its findings") {
  task_world world;
  int refused = 0;
  world.queue().refuses = [&](const std::vector<record>& batch) {
    bool findings = batch[0].topic == model::topics::entities;
    refused += findings;
    return findings;
  };
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::greets_with("SSH-2.0-test_1\r\n"));
    co_await world.put(scan_of_server(server));
    co_await test::until([&] { return refused > 0; });
    co_await world.put_lease("another");
    co_await until_idle(world);
    auto until_now = refused;
    co_await test::pause(milliseconds(200));  // pause: no retry may follow in this time
    CHECK(refused == until_now);
  });
}

TEST_CASE("when one of two partitions moves to another process, scans of the other one continue") {
  task_world world(2);
  test::with_process(world, [&](test::scheduler_process& p) -> awaitable<void> {
    p.runner().hold();
    std::vector<std::vector<model::scan_request>> in(2);
    for (int i = 1; i < 60; ++i) {
      auto request = scan_of("127.78.12." + std::to_string(i), "80");
      auto partition = queue::partition_of(request.key.str(), 2);
      in[static_cast<std::size_t>(partition)].push_back(std::move(request));
    }
    REQUIRE(in[0].size() > 3);
    REQUIRE(in[1].size() > 3);
    for (const auto& requests : in)
      co_await world.put(requests[0]);
    co_await test::until([&] { return p.runner().running() == 2; });
    co_await world.put_lease("another", 1);
    co_await test::until([&] { return p.runner().running() == 1; });
    auto lost = test::snapshots_of(world, in[1][0].key).size();
    std::vector<record> batch;
    for (std::size_t i = 1; i < 4; ++i) {
      batch.push_back(to_record(in[1][i], "request"));
      batch.push_back(to_record(in[0][i], "request"));
    }
    co_await world.queue().produce(std::move(batch));
    co_await test::until([&] { return p.runner().running() == 4; });
    p.runner().let_finish();
    for (std::size_t i = 0; i < 4; ++i) {
      auto task = co_await world.once(in[0][i].key, has_ended);
      CHECK(state_of(task) == "done complete");
      CHECK(task.attempt == 1);
      CHECK(test::snapshots_of(world, in[1][i].key).size() == (i == 0 ? lost : 0));
    }
  });
}

TEST_CASE("a task that a fenced owner has overwritten is written again") {
  task_world world;
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::greets_with("SSH-2.0-test_1\r\n"));
    auto request = scan_of_server(server);
    co_await world.put(request);
    auto task = co_await world.once(request.key, has_ended);
    auto from = world.queue().accepted.size();
    auto stale = model::started(test::task_of(request), world.time().now());
    stale.version = {0, 900};
    co_await world.put(stale);
    co_await test::until([&] { return test::snapshots_of(world, request.key, from).size() >= 2; });
    auto written = test::snapshots_of(world, request.key, from);
    REQUIRE(written.size() == 2);
    CHECK(state_of(written[1]) == "done complete");
    CHECK(written[1].version.epoch == task.version.epoch);
    CHECK(written[1].version.revision > task.version.revision);
    CHECK(written[1].results == task.results);
  });
}

TEST_CASE(
    "an uncommitted request that a former owner has folded is published under the new lease") {
  task_world world;
  auto request = scan_of("127.77.0.1", "9");
  model::scan_task left;
  auto leave = [&]() -> awaitable<void> {
    auto lease = co_await world.put_lease("dead");
    auto place = co_await world.put(request);
    left = model::ended(test::task_of(request, place.offset),
                        {model::outcome_kind::complete, "all said"}, world.time().now());
    left.version = {epoch_at(lease.offset), 2};
    co_await world.put(left);
  };
  world.run(leave());
  test::with_scheduler(world, [&](scheduler_bench&) -> awaitable<void> {
    auto is_of_new_owner = [&](const model::scan_task& task) {
      return task.version.epoch > left.version.epoch;
    };
    auto task = co_await world.once(request.key, is_of_new_owner);
    CHECK(state_of(task) == "done complete");
    CHECK(task.folded == left.folded);
  });
}

}  // namespace sonde::scanner
