#include "model/events.hpp"
#include "model/scan/task_fold.hpp"
#include "tests/engine/scheduler_bench.hpp"
#include "tests/scanner/scheduler_process.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/until.hpp"

#include <atomic>

/// Lease conflicts: the consumer group and the leases name different owners of a partition.
namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;
using test::has_ended;
using test::scan_of;
using test::scheduler_bench;
using test::state_of;
using test::task_world;

constexpr milliseconds short_patience{100};
constexpr const char* scanned_host = "127.77.0.1";

std::string port_of(const test::loopback_server& server) {
  return std::to_string(server.port());
}

/// The number of leases that were taken.
std::ptrdiff_t leases_in(task_world& world) {
  return std::ranges::count_if(world.queue().accepted, model::is_lease);
}

/// Runs a test with a scheduler that waits only a short time before it takes a partition back from
/// a fenced owner.
void with_little_patience(task_world& world,
                          const std::function<awaitable<void>(scheduler_bench&)>& body) {
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    co_await b.stop();
    std::vector<std::string> resolvers{"127.0.0.1:1"};
    scheduler_bench impatient(b.loop(), world, resolvers, short_patience);
    co_await body(impatient);
    co_await impatient.finish();
  });
}

}  // namespace

TEST_CASE("the owner that the group names takes the lease back from a fenced owner") {
  task_world world;
  with_little_patience(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::greets_with("SSH-2.0-test_1\r\n"));
    auto before = scan_of(scanned_host, port_of(server));
    co_await world.put(before);
    co_await world.once(before.key, has_ended);
    auto former = co_await world.put_lease("former");
    auto leases = leases_in(world);
    // These requests arrive while the fenced owner has the lease, and afterwards.
    for (int i = 2; i < 40; ++i) {
      if (i == 20) co_await test::until([&] { return leases_in(world) > leases; });
      auto request = scan_of("127.77.0." + std::to_string(i), port_of(server));
      co_await world.put(request);
    }
    for (int i = 2; i < 40; ++i) {
      auto key = scan_of("127.77.0." + std::to_string(i), port_of(server)).key;
      auto task = co_await world.once(key, has_ended);
      CHECK(state_of(task) == "done complete");
      CHECK(task.version.epoch > epoch_at(former.offset));
    }
  });
}

TEST_CASE("a scan that a fenced owner's lease has ended runs again") {
  task_world world;
  world.bounds().greeting_timeout_ms = 20'000;
  world.bounds().conversation_timeout_ms = 20'000;
  with_little_patience(world, [&](scheduler_bench& b) -> awaitable<void> {
    std::atomic<int> callers = 0;
    auto& server = b.serve([&](test::tcp_socket peer) -> awaitable<void> {
      if (++callers > 1) co_await test::say(peer, "SSH-2.0-test_1\r\n");
      co_await test::until_asked(peer);
    });
    auto request = scan_of(scanned_host, port_of(server));
    co_await world.put(request);
    co_await test::until([&] { return callers > 0; });
    co_await world.put_lease("former");
    auto task = co_await world.once(request.key, has_ended);
    CHECK(state_of(task) == "done complete");
    CHECK(task.attempt == 2);
    CHECK(callers > 1);
  });
}

TEST_CASE("a task whose first snapshot a fenced owner wrote is run") {
  task_world world;
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::greets_with("SSH-2.0-test_1\r\n"));
    auto first = scan_of(scanned_host, port_of(server));
    co_await world.put(first);
    auto its = co_await world.once(first.key, has_ended);
    for (bool begun : {false, true}) {
      auto request = scan_of(begun ? "127.77.0.2" : "127.77.0.3", port_of(server));
      auto late = test::task_of(request);
      if (begun) late = model::started(std::move(late), world.time().now());
      late.version = {its.version.epoch - 1, 1};
      co_await world.put(late);
      auto task = co_await world.once(request.key, has_ended);
      CHECK(state_of(task) == "done complete");
      CHECK(task.version.epoch == its.version.epoch);
    }
  });
}

TEST_CASE("all partitions of one takeover are served, at once and later") {
  for (int round = 0; round < 4; ++round) {
    task_world world(16);
    std::vector<model::target_key> keys;
    auto scan = [](int number) { return scan_of("127.79.0." + std::to_string(number), "9"); };
    auto leave = [&]() -> awaitable<void> {
      for (int i = 1; i < 50; ++i) {
        auto request = scan(i);
        keys.push_back(request.key);
        co_await world.put(test::task_of(request));
      }
    };
    world.run(leave());
    test::with_scheduler(world, [&](scheduler_bench&) -> awaitable<void> {
      for (const auto& key : keys)
        co_await world.once(key, has_ended);
      for (int i = 50; i < 100; ++i) {
        auto request = scan(i);
        co_await world.put(request);
        co_await world.once(request.key, has_ended);
      }
    });
  }
}

TEST_CASE("a rebalance that returns every partition to its owner does not disturb running tasks") {
  task_world world;
  test::with_process(world, [&](test::scheduler_process& p) -> awaitable<void> {
    p.runner().hold();
    auto request = scan_of(scanned_host, "80");
    co_await world.put(request);
    co_await test::until([&] { return p.runner().running() == 1; });
    auto before = leases_in(world);
    auto other = world.queue().join("scanner", model::topics::scan_requests);
    auto news = co_await other->next();  // after the first member has released its partitions
    REQUIRE(news.has_value());
    CHECK(std::get<queue::assigned>(*news).partitions.empty());
    co_await test::until([&] { return leases_in(world) > before; });
    // A later scan begins beside the first, which was not cancelled.
    auto beside = scan_of("127.77.0.3", "80");
    co_await world.put(beside);
    co_await test::until([&] { return p.runner().running() == 2; });
    CHECK(p.runner().begun() == 2);
    p.runner().let_finish();
    auto task = co_await world.once(request.key, has_ended);
    CHECK(state_of(task) == "done complete");
    CHECK(task.attempt == 1);
    co_await world.once(beside.key, has_ended);
    CHECK(p.runner().begun() == 2);
    auto next = scan_of("127.77.0.2", "80");
    co_await world.put(next);
    other->close();
    auto later = co_await world.once(next.key, has_ended);
    CHECK(state_of(later) != "queued");
  });
}

}  // namespace sonde::scanner
