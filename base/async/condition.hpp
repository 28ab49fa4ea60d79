#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

#include <list>

namespace sonde {

/// Something that coroutines of one loop wait for, until it is announced or a deadline passes.
///
/// Lives on one loop. Whoever waits looks again at what it waits for after every wake-up.
class condition {
 public:
  explicit condition(executor loop) : loop_(std::move(loop)) {}

  /// True once `notify_all` was called after this began; false at the deadline. Cancellation of
  /// the waiting coroutine ends the wait with false; its next operation throws as usual.
  awaitable<bool> wait_until(steady_time deadline);
  awaitable<bool> wait() { return wait_until(steady_time::max()); }
  /// The same, for at most so long from now.
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
