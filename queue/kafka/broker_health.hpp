#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <string_view>

namespace sonde::queue::kafka {

/// The broker health (`broker_health`): whether this process can use the brokers, as its clients
/// last found. Logs changes. Thread-safe.
class broker_health {
 public:
  explicit broker_health(logger& log) : log_(log) {}

  /// Notes the last failure of one broker, or of the connection to it, and librdkafka's code for
  /// it. This is not an error yet: other brokers may work.
  void note_reason(int kind, std::string reason);
  /// Notes that no broker can be used at present. The last reason is added to this error, even if
  /// the reason comes later: brokers that were away may come back and refuse this process. `topic`:
  /// the topic of the failed record; empty if the error is not about one topic.
  void note_error(error what, std::string topic = {});
  /// Clears the error. `topic`: the topic of the acknowledged record, which clears no error of
  /// another topic; empty for a response of the brokers that is not about one topic, which clears
  /// no error of a topic.
  void note_success(std::string_view topic = {}) {
    if (failing_.load(std::memory_order_relaxed)) recover(topic);
  }
  /// Clears the error after a check of brokers, leaders and replicas. The check cannot see whether
  /// a topic may be written again, so an error of a topic stays until `retest_after` has passed
  /// since the last one: then the next record shows it.
  void note_checked(steady_time now);
  static constexpr std::chrono::seconds retest_after{10};
  [[nodiscard]] result<> now() const;
  /// Returns `what`, with the last reason added if there is one.
  [[nodiscard]] error explained(error what) const;

 private:
  void recover(std::string_view topic);
  void clear();
  // Requires that the mutex is held:
  [[nodiscard]] error with_reason(error what) const;
  void complain() const;

  logger& log_;
  std::atomic<bool> failing_ = false;
  mutable std::mutex mutex_;
  int kind_ = 0;
  std::string reason_;
  error error_;
  steady_time failed_at_;
  std::string topic_;  ///< topic of `error_`; empty if it is not about one topic
};

}  // namespace sonde::queue::kafka
