#include "model/events.hpp"
#include "model/task_fold.hpp"
#include "tests/scanner/scheduler_bench.hpp"
#include "tests/support/doctest.hpp"

#include <atomic>

/// What the group says of a partition, and what the claims say, when they do not say the same.
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

/// Runs a test with a scheduler that leaves its partitions to a ghost for a short time only.
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

TEST_CASE("a partition that a ghost has claimed late is claimed again by whom the group gave it") {
  task_world world;
  with_little_patience(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::greets_with("SSH-2.0-test_1\r\n"));
    auto before = scan_of(scanned_host, port_of(server));
    co_await world.put(before);
    co_await world.once(before.key, has_ended);
    auto ghost = co_await world.put_claim("ghost");
    // These come while the partition is the ghost's, and after.
    for (int i = 2; i < 40; ++i) {
      auto request = scan_of("127.77.0." + std::to_string(i), port_of(server));
      co_await world.put(request);
      co_await test::pause(milliseconds(5));
    }
    for (int i = 2; i < 40; ++i) {
      auto key = scan_of("127.77.0." + std::to_string(i), port_of(server)).key;
      auto task = co_await world.once(key, has_ended);
      CHECK(state_of(task) == "done complete");
      CHECK(task.version.epoch > epoch_at(ghost.offset));
    }
  });
}

TEST_CASE("a scan that a ghost's claim has ended is begun again") {
  task_world world;
  world.bounds().greeting_timeout_ms = 20'000;
  world.bounds().conversation_timeout_ms = 20'000;
  with_little_patience(world, [&](scheduler_bench& b) -> awaitable<void> {
    std::atomic<int> callers = 0;
    auto& server = b.serve([&](test::tcp_socket peer) -> awaitable<void> {
      if (++callers > 1) co_await test::say(peer, "SSH-2.0-test_1\r\n");
      co_await test::ignore(peer);
    });
    auto request = scan_of(scanned_host, port_of(server));
    co_await world.put(request);
    while (callers == 0)
      co_await test::pause(milliseconds(2));
    co_await world.put_claim("ghost");
    auto task = co_await world.once(request.key, has_ended);
    CHECK(state_of(task) == "done complete");
    CHECK(task.attempt == 2);
    CHECK(callers > 1);
  });
}

TEST_CASE("a task that a ghost was the first to write of is run") {
  task_world world;
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::greets_with("SSH-2.0-test_1\r\n"));
    auto first = scan_of(scanned_host, port_of(server));
    co_await world.put(first);
    auto its = co_await world.once(first.key, has_ended);
    for (bool begun : {false, true}) {
      auto request = scan_of(begun ? "127.77.0.2" : "127.77.0.3", port_of(server));
      auto ghostly = test::task_of(request);
      if (begun) ghostly = model::started(std::move(ghostly), world.time().now());
      ghostly.version = {its.version.epoch - 1, 1};
      co_await world.put(ghostly);
      auto task = co_await world.once(request.key, has_ended);
      CHECK(state_of(task) == "done complete");
      CHECK(task.version.epoch == its.version.epoch);
    }
  });
}

TEST_CASE("partitions that are taken over at once are all looked after, at once and later") {
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

TEST_CASE("a rebalance that gives everything back where it was does not disturb what runs") {
  task_world world;
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    std::atomic<bool> speak = false;
    auto& server = b.serve([&](test::tcp_socket peer) -> awaitable<void> {
      while (!speak)
        co_await test::pause(milliseconds(2));
      co_await test::say(peer, "SSH-2.0-test_1\r\n");
      co_await test::ignore(peer);
    });
    world.bounds().greeting_timeout_ms = 20'000;
    auto request = scan_of(scanned_host, port_of(server));
    co_await world.put(request);
    while (server.accepted() == 0)
      co_await test::pause(milliseconds(2));
    auto claims = [&] { return std::ranges::count_if(world.queue().accepted, model::is_claim); };
    auto before = claims();
    auto other = world.queue().join("scanner", model::topics::scan_requests);
    auto news = co_await other->next();  // after the first member has given back what it had
    REQUIRE(news.has_value());
    CHECK(std::get<queue::assigned>(*news).partitions.empty());
    while (claims() == before)
      co_await test::pause(milliseconds(2));
    co_await test::pause(milliseconds(50));
    speak = true;
    auto task = co_await world.once(request.key, has_ended);
    CHECK(state_of(task) == "done complete");
    CHECK(task.attempt == 1);
    CHECK(server.accepted() == 1);
    auto next = scan_of("127.77.0.2", port_of(server));
    co_await world.put(next);
    other->close();
    auto later = co_await world.once(next.key, has_ended);
    CHECK(state_of(later) != "queued");
  });
}

}  // namespace sonde::scanner
