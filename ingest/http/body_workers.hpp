#pragma once

#include "base/async/condition.hpp"
#include "base/async/event_loop.hpp"
#include "base/async/run_on.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "ingest/http/http_limits.hpp"
#include "ingest/http/http_message.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

namespace sonde::ingest {

/// Returns the key of the caller's queue: the user, independent of the API key that they use.
[[nodiscard]] std::string turn_of(const caller& who);

/// Threads for work whose cost a caller chooses: parsing, checking and serialising large bodies.
///
/// A thread executes one job after another. The number of waiting jobs is limited, in total and per
/// caller. Callers take turns, so the jobs of one caller delay another caller by at most one job. A
/// running job is not interrupted, so it must limit its own duration (about 0.3 s; see
/// `submission_work`). A job that has not started at its deadline is rejected with
/// `errc::unavailable`, and so is a job that exceeds the limit of waiting jobs.
///
/// Lives on the HTTP loop. Call `stop` after that loop has ended.
class body_workers {
 public:
  body_workers(executor loop, const http_limits& limits, const clock& clock);
  ~body_workers();
  body_workers(const body_workers&) = delete;
  body_workers& operator=(const body_workers&) = delete;

  /// Runs `work()` on one of the threads in this caller's turn and resumes on this loop with its
  /// result. `work` must share nothing with this loop.
  template <class T>
  awaitable<result<T>> run(std::string caller, steady_time until, std::function<result<T>()> work) {
    std::unique_ptr<turn> mine;
    auto place = co_await take_turn(std::move(caller), until, mine);
    if (!place) co_return place.error();
    auto there = mine->thread();
    auto done = co_await run_on(there, std::move(work));
    co_return done;
  }

  /// Tells whether a body of this size is checked on the HTTP loop.
  [[nodiscard]] bool is_small(std::size_t bytes) const {
    return bytes <= limits_.inline_body_bytes;
  }
  [[nodiscard]] const executor& loop() const { return loop_; }
  [[nodiscard]] std::size_t waiting() const { return waiting_; }

  /// Joins the threads. Idempotent.
  void stop();

 private:
  struct waiter {
    explicit waiter(executor loop) : called(std::move(loop)) {}
    condition called;
    event_loop* thread = nullptr;  ///< set when the waiter gets its turn
  };
  struct line {
    std::string caller;
    std::deque<waiter*> waiters;
  };
  /// Reserves one of the threads while this object lives.
  class turn {
   public:
    turn(body_workers& of, event_loop& thread) : of_(of), thread_(thread) {}
    ~turn() { of_.give_back(thread_); }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    [[nodiscard]] executor thread() const { return thread_.get_executor(); }

   private:
    body_workers& of_;
    event_loop& thread_;
  };
  class place_in_line;

  awaitable<result<>> take_turn(std::string caller, steady_time until, std::unique_ptr<turn>& mine);
  void give_back(event_loop& thread);
  line& line_of(const std::string& caller);

  executor loop_;
  const http_limits& limits_;
  const clock& clock_;
  std::vector<std::unique_ptr<event_loop>> threads_;
  std::vector<event_loop*> idle_;
  std::list<line> lines_;  ///< callers with waiting jobs, in the order of their turns
  std::size_t waiting_ = 0;
};

}  // namespace sonde::ingest
