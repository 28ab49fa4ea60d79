#pragma once

#include "base/async/asio.hpp"
#include "base/async/stop_signal.hpp"
#include "base/log.hpp"
#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace sonde {

/// How long to pause between two tries: twice as long each time, up to the longest.
struct retry_policy {
  std::chrono::milliseconds first_pause{100};
  std::chrono::milliseconds longest_pause{5'000};
};

/// The pauses and the log lines of one operation that is tried again.
///
/// The first failure is logged, then one line a minute with the number of tries, then the success
/// that ends them: trouble that lasts does not fill a log.
class retry_course {
 public:
  /// `what` is the event that is logged: "a task could not be published".
  retry_course(retry_policy policy, logger& log, std::string what);

  /// How long to pause before the next try.
  std::chrono::milliseconds failed(const error& why);
  void succeeded();

 private:
  retry_policy policy_;
  logger& log_;
  std::string what_;
  std::chrono::milliseconds pause_;
  std::chrono::milliseconds unlogged_{0};  ///< the pauses since the last line
  std::int64_t failures_ = 0;
};

/// Runs `operation` until it succeeds, fails with a permanent error, or stop is requested; returns
/// what it returned last. It runs at least once.
///
/// What the daemon repeats, it repeats with this. `operation` is called anew for each try, on
/// this coroutine's loop, which must be that of `stop`. Cancelling this coroutine ends the pause,
/// and throws as usual.
template <class T>
awaitable<result<T>> retry(retry_policy policy, stop_signal& stop, logger& log, std::string what,
                           std::function<awaitable<result<T>>()> operation) {
  retry_course course(policy, log, std::move(what));
  while (true) {
    auto outcome = co_await operation();
    if (outcome) {
      course.succeeded();
      co_return outcome;
    }
    if (!outcome.error().is_transient()) co_return outcome;
    bool go_on = co_await stop.pause(course.failed(outcome.error()));
    if (!go_on) co_return outcome;
  }
}

}  // namespace sonde
