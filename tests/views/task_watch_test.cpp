#include "views/task_watch.hpp"

#include "base/async/task_group.hpp"
#include "base/log.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

#include <chrono>

namespace sonde::views {
namespace {

using std::chrono::seconds;

steady_time soon() {
  return std::chrono::steady_clock::now() + seconds(20);
}

/// Readers on one loop, and the number of woken readers.
struct watched {
  awaitable<void> read(std::string key) {
    ++waiting;
    bool news = co_await watch->wait_until(std::move(key), soon());
    --waiting;
    woken += news ? 1 : 0;
  }
  /// Waits until everything that was posted has run.
  static awaitable<void> settle() {
    auto loop = co_await asio::this_coro::executor;
    for (int turn = 0; turn < 200; ++turn)
      co_await asio::post(loop, asio::use_awaitable);
  }

  task_watch* watch = nullptr;
  int waiting = 0;
  int woken = 0;
};

}  // namespace

TEST_CASE("a change wakes the readers of its task only") {
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    logger log;
    task_watch watch(loop);
    task_group group(loop, log, "test");
    watched readers;
    readers.watch = &watch;
    for (int i = 0; i < 100; ++i)
      group.spawn(readers.read(i % 2 == 0 ? "even" : "odd"));
    co_await watched::settle();
    CHECK(readers.waiting == 100);
    std::vector<std::string> keys = {"even", "nobody's"};
    watch.announce(keys);
    CHECK(readers.woken == 0);  // in turns of the loop
    co_await watched::settle();
    CHECK(readers.woken == 50);
    CHECK(readers.waiting == 50);
    watch.end();
    co_await group.join();
    CHECK(readers.woken == 50);
    bool later = co_await watch.wait_until("even", soon());
    CHECK(!later);
  }());
}

TEST_CASE("a reader waits no longer than its deadline") {
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    task_watch watch(loop);
    bool news = co_await watch.wait_until("key", std::chrono::steady_clock::now());
    CHECK(!news);
  }());
}

}  // namespace sonde::views
