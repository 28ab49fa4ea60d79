#include "ingest/http/body_workers.hpp"

#include "base/async/task_group.hpp"
#include "ingest/errc.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

#include <future>
#include <stdexcept>
#include <thread>

namespace sonde::ingest {
namespace {

/// One thread, which the first job blocks until it is released.
struct held_worker {
  held_worker() { bounds.work_threads = 1; }
  ~held_worker() {
    loop.join();
    if (workers) workers->stop();
  }

  /// Runs `then` while the thread is blocked, and releases it afterwards.
  void with_thread_held(std::function<awaitable<void>(task_group&)> then) {
    workers = std::make_unique<body_workers>(loop.get_executor(), bounds, clock);
    loop.start();
    auto work = [this, then]() -> awaitable<void> {
      task_group group(loop.get_executor(), log, "pieces");
      group.spawn(piece("first", "held", [this] { unblock.get_future().wait(); }));
      auto begun = began.get_future();
      begun.wait();
      co_await then(group);
      unblock.set_value();
      co_await group.join();
    };
    test::run(run_coroutine_on(loop.get_executor(), work));
  }

  awaitable<void> piece(std::string caller, std::string name, std::function<void()> first = {}) {
    std::function<result<std::string>()> work = [this, name, first] {
      if (first) {
        began.set_value();
        first();
      }
      done.push_back(name);
      return result<std::string>(name);
    };
    auto until = clock.steady_now() + std::chrono::seconds(60);
    auto answer = co_await workers->run(caller, until, std::move(work));
    if (!answer) refusals.push_back(answer.error());
  }

  awaitable<void> until_waiting(std::size_t count) {
    auto here = loop.get_executor();
    while (workers->waiting() < count)
      co_await asio::post(here, asio::use_awaitable);
  }

  http_limits bounds;
  system_clock clock;
  logger log{log_level::error};
  event_loop loop{"http"};
  std::unique_ptr<body_workers> workers;
  std::promise<void> began;
  std::promise<void> unblock;
  std::vector<std::string> done;  ///< by the one thread
  std::vector<error> refusals;
};

}  // namespace

TEST_CASE_FIXTURE(held_worker, "callers take turns, however many jobs one of them has waiting") {
  with_thread_held([this](task_group& group) -> awaitable<void> {
    for (const char* name : {"a1", "a2", "a3", "a4"})
      group.spawn(piece("a", name));
    co_await until_waiting(4);
    group.spawn(piece("b", "b1"));
    co_await until_waiting(5);
    group.spawn(piece("c", "c1"));
    group.spawn(piece("b", "b2"));
    co_await until_waiting(7);
  });
  CHECK(done == std::vector<std::string>{"held", "a1", "b1", "c1", "a2", "b2", "a3", "a4"});
  CHECK(refusals.empty());
  CHECK(workers->waiting() == 0);
}

TEST_CASE_FIXTURE(held_worker, "waiting jobs are limited, per caller and in total") {
  bounds.work_waiting = 3;
  bounds.work_waiting_per_caller = 2;
  with_thread_held([this](task_group& group) -> awaitable<void> {
    group.spawn(piece("a", "a1"));
    group.spawn(piece("a", "a2"));
    co_await until_waiting(2);
    co_await piece("a", "a3");
    REQUIRE(refusals.size() == 1);
    CHECK(refusals[0].message().find("of your large requests") != std::string::npos);
    group.spawn(piece("b", "b1"));
    co_await until_waiting(3);
    co_await piece("c", "c1");
    REQUIRE(refusals.size() == 2);
    CHECK(refusals[1].message().find("try again later") != std::string::npos);
  });
  for (const auto& each : refusals)
    CHECK(each.code == make_error_code(errc::unavailable));
  CHECK(done == std::vector<std::string>{"held", "a1", "b1", "a2"});
}

TEST_CASE_FIXTURE(held_worker,
                  "a job that has not begun at its deadline is refused and never begins") {
  with_thread_held([this](task_group&) -> awaitable<void> {
    std::function<result<int>()> work = [this] {
      done.emplace_back("late");
      return result<int>(1);
    };
    std::string caller = "a";
    auto now = clock.steady_now();
    auto answer = co_await workers->run(caller, now, std::move(work));
    REQUIRE(!answer);
    CHECK(answer.error().code == make_error_code(errc::unavailable));
    CHECK(workers->waiting() == 0);
  });
  CHECK(done == std::vector<std::string>{"held"});
}

TEST_CASE_FIXTURE(held_worker,
                  "a job runs on another thread, and its exception reaches the caller") {
  workers = std::make_unique<body_workers>(loop.get_executor(), bounds, clock);
  loop.start();
  auto all = [this]() -> awaitable<void> {
    auto until = clock.steady_now() + std::chrono::seconds(60);
    std::string caller = "a";
    for (int i = 0; i < 3; ++i) {
      std::function<result<int>()> bad = []() -> result<int> { throw std::runtime_error("bad"); };
      bool thrown = false;
      try {
        (void)co_await workers->run(caller, until, std::move(bad));
      } catch (const std::runtime_error&) {
        thrown = true;
      }
      CHECK(thrown);
    }
    std::function<result<std::thread::id>()> where = [] {
      return result<std::thread::id>(std::this_thread::get_id());
    };
    auto answer = co_await workers->run(caller, until, std::move(where));
    REQUIRE(answer);
    CHECK(*answer != std::this_thread::get_id());
  };
  test::run(run_coroutine_on(loop.get_executor(), all));
}

TEST_CASE("all keys of a user share one turn") {
  caller who;
  who.key_id = "key-1";
  CHECK(turn_of(who) == "key-1");
  who.user_id = "anna";
  CHECK(turn_of(who) == "anna");
}

}  // namespace sonde::ingest
