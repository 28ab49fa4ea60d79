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

/// The backoff between two tries: the pause doubles each time, up to the longest pause.
struct retry_policy {
  std::chrono::milliseconds first_pause{100};
  std::chrono::milliseconds longest_pause{5'000};
};

/// The pauses and the log lines of one operation that is retried.
///
/// Logs the first failure, then one line a minute with the number of tries, then the success. A
/// lasting failure does not fill the log.
class retry_course {
 public:
  /// `what` is the event in the log: "cannot publish a task".
  retry_course(retry_policy policy, logger& log, std::string what);

  /// Records a failure. Returns the pause before the next try.
  std::chrono::milliseconds failed(const error& why);
  void succeeded();

 private:
  retry_policy policy_;
  logger& log_;
  std::string what_;
  std::chrono::milliseconds pause_;
  std::chrono::milliseconds unlogged_{0};  ///< sum of the pauses since the last line
  std::int64_t failures_ = 0;
};

/// Runs `operation` until it succeeds, fails with a permanent error, or stop is requested. Returns
/// its last result. It runs at least once.
///
/// All retries of the daemon use this function. `operation` is called again for each try, on this
/// coroutine's loop, which must be the loop of `stop`. Cancelling this coroutine ends the pause and
/// throws as usual.
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
