#pragma once

#include "base/limits.hpp"

#include <chrono>
#include <cstddef>

namespace sonde::views {

/// The processor time that the calling thread has used.
[[nodiscard]] std::chrono::nanoseconds thread_cpu_time();

/// What one read may still cost: look-ups and rows, bytes, processor time. This folder's own.
///
/// Created when the read begins, on the thread that reads. The read asks `left()` before each
/// further step. When nothing is left it ends with what it has, and `cut()` says so.
class read_budget {
 public:
  explicit read_budget(const limits& limits);

  /// Counts look-ups and the rows that they returned.
  void count(std::size_t rows = 1);
  void add_bytes(std::size_t bytes) { bytes_ += bytes; }
  /// False: the answer is as long as an answer may be.
  [[nodiscard]] bool has_room() const { return bytes_ <= most_bytes_; }
  /// False: the read has to end here. Rows or time are used up.
  [[nodiscard]] bool left() const { return rows_ > 0 && !late_; }
  /// Something was left out of the answer.
  void note_cut() { cut_ = true; }
  [[nodiscard]] bool cut() const { return cut_ || !left(); }

 private:
  std::size_t rows_;
  std::size_t most_bytes_;
  std::chrono::nanoseconds end_;
  std::size_t bytes_ = 0;
  std::size_t until_clock_ = 0;  ///< counts that are left until the clock is read again
  bool late_ = false;
  bool cut_ = false;
};

}  // namespace sonde::views
