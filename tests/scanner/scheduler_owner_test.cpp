#include "model/events.hpp"
#include "model/task_fold.hpp"
#include "queue/partitioner.hpp"
#include "tests/scanner/fake_dns.hpp"
#include "tests/scanner/scheduler_bench.hpp"
#include "tests/support/doctest.hpp"

/// Who owns a partition's tasks, what becomes of those of the dead, and how a process goes.
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

/// Limits with which a conversation with a mute server lasts longer than any test.
void let_talk_for_long(task_world& world) {
  world.bounds().greeting_timeout_ms = 50'000;
  world.bounds().conversation_timeout_ms = 50'000;
}

awaitable<void> until_accepted(test::loopback_server& server) {
  while (server.accepted() == 0)
    co_await test::pause(milliseconds(2));
}

model::scan_request scan_of_server(const test::loopback_server& server) {
  return scan_of("127.77.0.1", std::to_string(server.port()));
}

/// What a process that died has left of a task that it had begun.
awaitable<model::scan_task> left_by_the_dead(task_world& world, const model::scan_request& request,
                                             std::uint32_t stalled = 1) {
  auto claim = co_await world.put_claim("dead");
  auto task = model::started(test::task_of(request), world.time().now());
  task.version = {static_cast<std::uint64_t>(claim.offset) + 1, 2};
  task.stalled = stalled;
  co_await world.put(task);
  co_return task;
}

/// How long it takes to stop with no time for what runs.
awaitable<milliseconds> stop_at_once(scheduler_bench& b, task_world& world) {
  auto begun = world.time().steady_now();
  co_await b.stop(0);
  co_return std::chrono::duration_cast<milliseconds>(world.time().steady_now() - begun);
}

}  // namespace

TEST_CASE("what a dead process has left unfinished runs again") {
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

TEST_CASE("an unfinished scan goes on where its last snapshot says") {
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
    CHECK(task.progress == model::task_progress{2, 2, 1});
    REQUIRE(task.results.size() == 1);
    CHECK(was_open.accepted() == 1);
    CHECK(was_closed.accepted() == 0);
    co_await next.finish();
  });
}

TEST_CASE("a target that kills its scanner is not scanned for ever") {
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

TEST_CASE("stopping puts back what is unfinished, and the next process ends it") {
  task_world world;
  let_talk_for_long(world);
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
    // Its server is gone by now.
    auto task = co_await world.once(key, has_ended);
    CHECK(state_of(task) == "done complete");
    CHECK(task.results_total == 0);
  });
}

TEST_CASE("stopping lets end what ends in time") {
  task_world world;
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve([](test::tcp_socket peer) -> awaitable<void> {
      co_await test::pause(milliseconds(100));
      co_await test::say(peer, "SSH-2.0-test_1\r\n");
      co_await test::ignore(peer);
    });
    auto request = scan_of_server(server);
    co_await world.put(request);
    co_await until_accepted(server);
    auto next = scan_of("127.77.0.2", std::to_string(server.port()));
    co_await b.stop(10'000);
    auto task = co_await world.shown(request.key);
    CHECK(state_of(*task) == "done complete");
    co_await world.put(next);  // nobody takes it any more
    co_await test::pause(milliseconds(50));
    CHECK(test::snapshots_of(world, next.key).empty());
  });
}

TEST_CASE("a scan whose name is still being looked up is stopped too") {
  task_world world;
  let_talk_for_long(world);
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
    while (asked < 2)
      co_await test::pause(milliseconds(2));
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

TEST_CASE("a process stops although the queue takes nothing any more") {
  task_world world;
  let_talk_for_long(world);
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

TEST_CASE("another's claim ends what runs, and nothing more is written") {
  task_world world;
  let_talk_for_long(world);
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::is_mute());
    auto request = scan_of_server(server);
    co_await world.put(request);
    co_await until_accepted(server);
    auto from = world.queue().accepted.size();
    co_await world.put_claim("another");
    co_await test::pause(milliseconds(300));
    auto accepted = server.accepted();
    auto later = scan_of("127.77.0.2", std::to_string(server.port()));
    co_await world.put(later);
    co_await test::pause(milliseconds(300));
    CHECK(server.accepted() == accepted);
    for (auto i = from; i < world.queue().accepted.size(); ++i) {
      const auto& each = world.queue().accepted[i];
      bool the_tests_own = model::is_claim(each) || each.topic == model::topics::scan_requests;
      CHECK((the_tests_own || each.topic == model::topics::scan_progress));
    }
    auto took = co_await stop_at_once(b, world);
    CHECK(took < seconds(1));
  });
}

TEST_CASE("an owner that has lost its partition does not wait for the queue to take its findings") {
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
    while (refused == 0)
      co_await test::pause(milliseconds(2));
    co_await world.put_claim("another");
    co_await test::pause(milliseconds(300));
    auto until_now = refused;
    co_await test::pause(milliseconds(500));
    CHECK(refused == until_now);
  });
}

TEST_CASE("of two partitions one goes to another process: the other one's scans go on") {
  task_world world(2);
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::greets_with("SSH-2.0-test_1\r\n"), "0.0.0.0");
    std::vector<std::vector<model::scan_request>> in(2);
    for (int i = 1; i < 60; ++i) {
      auto request = scan_of("127.78.12." + std::to_string(i), std::to_string(server.port()));
      auto partition = queue::partition_of(request.key.str(), 2);
      in[static_cast<std::size_t>(partition)].push_back(std::move(request));
    }
    REQUIRE(in[0].size() > 3);
    REQUIRE(in[1].size() > 3);
    for (const auto& requests : in) {
      co_await world.put(requests[0]);
      co_await world.once(requests[0].key, has_ended);
    }
    co_await world.put_claim("another", 1);
    co_await test::pause(milliseconds(50));
    std::vector<record> batch;
    for (std::size_t i = 1; i < 4; ++i) {
      batch.push_back(to_record(in[1][i], "request"));
      batch.push_back(to_record(in[0][i], "request"));
    }
    co_await world.queue().produce(std::move(batch));
    for (std::size_t i = 1; i < 4; ++i) {
      auto task = co_await world.once(in[0][i].key, has_ended);
      CHECK(state_of(task) == "done complete");
      CHECK(test::snapshots_of(world, in[1][i].key).empty());
    }
  });
}

TEST_CASE("what a ghost has written over is written again") {
  task_world world;
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::greets_with("SSH-2.0-test_1\r\n"));
    auto request = scan_of_server(server);
    co_await world.put(request);
    auto task = co_await world.once(request.key, has_ended);
    auto from = world.queue().accepted.size();
    auto ghostly = model::started(test::task_of(request), world.time().now());
    ghostly.version = {0, 900};
    co_await world.put(ghostly);
    for (int i = 0; i < 1'000 && test::snapshots_of(world, request.key, from).size() < 2; ++i)
      co_await test::pause(milliseconds(2));
    auto written = test::snapshots_of(world, request.key, from);
    REQUIRE(written.size() == 2);
    CHECK(state_of(written[1]) == "done complete");
    CHECK(written[1].version.epoch == task.version.epoch);
    CHECK(written[1].version.revision > task.version.revision);
    CHECK(written[1].results == task.results);
  });
}

}  // namespace sonde::scanner
