#include "base/async/asio.hpp"
#include "base/async/condition.hpp"
#include "base/async/deadline.hpp"
#include "base/async/event_loop.hpp"
#include "base/async/run_on.hpp"
#include "base/async/task_group.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

#include <memory>
#include <thread>

namespace sonde {
namespace {

using std::chrono::milliseconds;

steady_time soon() {
  return std::chrono::steady_clock::now() + milliseconds(20);
}
steady_time later() {
  return std::chrono::steady_clock::now() + std::chrono::seconds(30);
}

}  // namespace

TEST_CASE("a function runs on another loop and its caller resumes on its own loop") {
  event_loop there("there");
  there.start();
  test::run([](event_loop& loop) -> awaitable<void> {
    auto here = std::this_thread::get_id();
    auto where = [] { return std::this_thread::get_id(); };
    auto ran_on = co_await run_on(loop.get_executor(), where);
    CHECK(ran_on != here);
    CHECK(std::this_thread::get_id() == here);

    auto moved = [text = std::make_shared<int>(7)] { return *text; };
    CHECK(co_await run_on(loop.get_executor(), std::move(moved)) == 7);

    auto nothing = [] {};
    co_await run_on(loop.get_executor(), nothing);

    auto thrower = []() -> int { throw std::runtime_error("there"); };
    bool caught = false;
    try {
      co_await run_on(loop.get_executor(), thrower);
    } catch (const std::runtime_error&) {
      caught = true;
    }
    CHECK(caught);
  }(there));
}

TEST_CASE("a coroutine runs on another loop and its caller resumes on its own loop") {
  event_loop there("there");
  there.start();
  test::run([](event_loop& loop) -> awaitable<void> {
    auto here = std::this_thread::get_id();
    auto work = []() -> awaitable<std::thread::id> {
      auto own_loop = co_await asio::this_coro::executor;
      co_await asio::post(own_loop, asio::use_awaitable);
      co_return std::this_thread::get_id();
    };
    auto ran_on = co_await run_coroutine_on(loop.get_executor(), work);
    CHECK(ran_on != here);
    CHECK(std::this_thread::get_id() == here);
  }(there));
}

TEST_CASE("a condition distinguishes a notification from a timeout") {
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    condition happened(loop);
    CHECK(!co_await happened.wait_until(soon()));
    asio::post(loop, [&] { happened.notify_all(); });
    CHECK(co_await happened.wait_until(later()));
    CHECK(!co_await happened.wait_until(soon()));
  }());
}

TEST_CASE("only an expired deadline is reported, and the abandoned work continues") {
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    logger log(log_level::error);
    task_group group(loop, log, "test");
    auto at_once = []() -> awaitable<int> { co_return 7; };
    auto value = co_await abandon_after(group, at_once(), later());
    REQUIRE(value.has_value());
    CHECK(*value == 7);

    condition go_on(loop);
    int done = 0;
    auto slow = [](condition& c, int& count) -> awaitable<int> {
      co_await c.wait();
      co_return ++count;
    };
    auto missed = co_await abandon_after(group, slow(go_on, done), soon());
    CHECK(!missed);
    CHECK(group.size() == 1);
    go_on.notify_all();
    co_await group.join();
    CHECK(done == 1);

    auto failing = []() -> awaitable<int> {
      throw std::runtime_error("mine");
      co_return 0;
    };
    bool caught = false;
    try {
      co_await abandon_after(group, failing(), later());
    } catch (const std::runtime_error&) {
      caught = true;
    }
    CHECK(caught);
    co_await group.join();
  }());
}

TEST_CASE("a task group waits for the end of every task that it started") {
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    logger log(log_level::error);
    task_group group(loop, log, "test");
    condition never(loop);
    int ended = 0;
    auto waits = [](condition& c, int& count) -> awaitable<void> {
      co_await c.wait();
      ++count;
    };
    auto spawns = [](task_group& g, condition& c, int& count,
                     awaitable<void> (*other)(condition&, int&)) -> awaitable<void> {
      g.spawn(other(c, count));
      co_return;
    };
    for (int i = 0; i < 3; ++i)
      group.spawn(waits(never, ended));
    group.spawn(spawns(group, never, ended, waits));
    co_await asio::post(loop, asio::use_awaitable);
    CHECK(group.size() >= 4);
    group.cancel();
    co_await group.join();
    CHECK(group.size() == 0);
    CHECK(ended == 4);
  }());
}

}  // namespace sonde
