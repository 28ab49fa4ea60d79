#pragma once

#include "base/log.hpp"
#include "base/result.hpp"

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>

namespace sonde::queue::kafka {

/// How this process stands with the brokers, as its clients have last found it. Logs when that
/// changes. Thread-safe.
class standing {
 public:
  explicit standing(logger& log) : log_(log) {}

  /// What one broker, or the way to it, has last failed by, and librdkafka's code for it. No
  /// trouble yet: others may do.
  void note_reason(int kind, std::string reason);
  /// Nothing works at present. The last reason is added to what is said of it, also one that comes
  /// later: brokers that were away may come back and refuse this process.
  /// `topic`: the topic of the failed record; empty if the error is not about one topic.
  void note_trouble(error what, std::string topic = {});
  /// `topic`: the topic of the acknowledged record, which clears no error of another topic; empty
  /// for a response of the brokers that is not about one topic.
  void note_success(std::string_view topic = {}) {
    if (in_trouble_.load(std::memory_order_relaxed)) recover(topic);
  }
  [[nodiscard]] result<> now() const;
  /// `what`, with the last reason where there is one.
  [[nodiscard]] error explained(error what) const;

 private:
  void recover(std::string_view topic);
  // With the mutex held:
  [[nodiscard]] error with_reason(error what) const;
  void complain() const;

  logger& log_;
  std::atomic<bool> in_trouble_ = false;
  mutable std::mutex mutex_;
  int kind_ = 0;
  std::string reason_;
  error trouble_;
  std::string topic_;  ///< topic of `trouble_`; empty if it is not about one topic
};

}  // namespace sonde::queue::kafka
