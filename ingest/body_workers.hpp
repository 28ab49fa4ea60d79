#pragma once

#include "base/async/condition.hpp"
#include "base/async/event_loop.hpp"
#include "base/async/hop.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "ingest/http_message.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

namespace sonde::ingest {

/// Whose turn a request's work is done in: a user, whatever keys they show.
[[nodiscard]] std::string turn_of(const caller& who);

/// Threads for work whose cost a caller chooses: parsing, checking and writing out large bodies.
///
/// A thread does one piece of work after another. Pieces that wait are bounded, in all and of each
/// caller; callers take turns, so that the pieces of one delay another caller by one piece. A piece
/// is not interrupted, so it has to be bounded by itself (about 0.3 s; see `submission_work`). Not
/// begun at its deadline, it is refused by `errc::unavailable`; so it is when too many wait.
///
/// Lives on the HTTP loop. `stop` comes after that loop has ended.
class body_workers {
 public:
  body_workers(executor loop, const limits& limits, const clock& clock);
  ~body_workers();
  body_workers(const body_workers&) = delete;
  body_workers& operator=(const body_workers&) = delete;

  /// Does `work()` on one of the threads, in this caller's turn, and resumes here with its result.
  /// `work` shares nothing with this loop.
  template <class T>
  awaitable<result<T>> run(std::string caller, steady_time until, std::function<result<T>()> work) {
    std::unique_ptr<turn> mine;
    auto place = co_await take_turn(std::move(caller), until, mine);
    if (!place) co_return place.error();
    auto there = mine->thread();
    auto done = co_await call_on(there, std::move(work));
    co_return done;
  }

  /// Whether a body of this size is checked on the HTTP loop.
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
    event_loop* thread = nullptr;  ///< once it is its turn
  };
  struct line {
    std::string caller;
    std::deque<waiter*> waiters;
  };
  /// One of the threads, for as long as this lives.
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
  const limits& limits_;
  const clock& clock_;
  std::vector<std::unique_ptr<event_loop>> threads_;
  std::vector<event_loop*> idle_;
  std::list<line> lines_;  ///< of callers with somebody waiting, in the order of their turns
  std::size_t waiting_ = 0;
};

}  // namespace sonde::ingest
