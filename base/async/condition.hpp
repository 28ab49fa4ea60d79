#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

#include <list>

namespace sonde {

/// A condition that coroutines of one loop wait for, until a notification or a deadline.
///
/// Lives on one loop. A waiting coroutine checks its own state again after every wake-up.
class condition {
 public:
  explicit condition(executor loop) : loop_(std::move(loop)) {}

  /// Returns true if `notify_all` was called after the wait began, and false at the deadline.
  /// Cancellation of the waiting coroutine ends the wait with false; its next operation throws as
  /// usual.
  awaitable<bool> wait_until(steady_time deadline);
  awaitable<bool> wait() { return wait_until(steady_time::max()); }
  /// Waits for at most `length` from now.
  awaitable<bool> wait_for(std::chrono::milliseconds length) {
    return wait_until(asio::steady_timer::clock_type::now() + length);
  }

  void notify_all();

 private:
  struct waiter {
    asio::steady_timer timer;
    bool notified = false;
  };

  executor loop_;
  std::list<waiter> waiters_;
};

}  // namespace sonde
