#pragma once

#include "base/async/event_loop.hpp"
#include "base/result.hpp"

#include <filesystem>
#include <future>
#include <optional>

namespace sonde::queue::embedded {

/// Copies the write-ahead log into the queue file on a thread of its own, so that no producer waits
/// for sixteen megabytes to reach the disk. https://sqlite.org/wal.html#ckpt
///
/// All calls come from the writer's thread. What is written meanwhile stays in the log. The file
/// must stay open elsewhere for as long as this is there.
class log_copier {
 public:
  explicit log_copier(std::filesystem::path file);
  /// Waits for a copy that is under way.
  ~log_copier();
  log_copier(const log_copier&) = delete;
  log_copier& operator=(const log_copier&) = delete;

  /// Begins a copy. Only while none is under way, that is after `ended` told of the last one.
  void begin();
  [[nodiscard]] bool under_way() const { return copy_.valid(); }
  /// What came of the copy that has ended since the last call; nothing if none has.
  [[nodiscard]] std::optional<result<>> ended();
  /// Returns once the copy under way has ended.
  void wait() const { copy_.wait(); }

 private:
  std::filesystem::path file_;
  std::future<result<>> copy_;
  event_loop loop_{"queue-log"};
};

}  // namespace sonde::queue::embedded
