#pragma once

#include "views/limits.hpp"

#include <chrono>
#include <cstddef>

namespace sonde::views {

/// Returns the processor time that the calling thread has used.
[[nodiscard]] std::chrono::nanoseconds thread_cpu_time();

/// The remaining cost that one read may cause: lookups and rows, bytes, processor time. Internal to
/// this folder.
///
/// Created when the read begins, on the reading thread. The read checks `left()` before each
/// further step. When it returns false, the read ends with the data it has, and `cut()` returns
/// true.
class read_budget {
 public:
  explicit read_budget(const limits& limits);

  /// Counts lookups and the rows that they returned.
  void count(std::size_t rows = 1);
  void add_bytes(std::size_t bytes) { bytes_ += bytes; }
  /// Returns false if the response has reached its size limit.
  [[nodiscard]] bool has_room() const { return bytes_ <= most_bytes_; }
  /// Returns false if the read must end because rows or time are used up.
  [[nodiscard]] bool left() const { return rows_ > 0 && !late_; }
  /// Notes that data were left out of the response.
  void note_cut() { cut_ = true; }
  [[nodiscard]] bool cut() const { return cut_ || !left(); }

 private:
  std::size_t rows_;
  std::size_t most_bytes_;
  std::chrono::nanoseconds end_;
  std::size_t bytes_ = 0;
  std::size_t until_clock_ = 0;  ///< counts until the next clock read
  bool late_ = false;
  bool cut_ = false;
};

}  // namespace sonde::views
