#pragma once

#include "queue/local/layout.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace sonde::queue::local {

/// Bytes of the records in each log. One thread writes; any thread reads.
class log_sizes {
 public:
  explicit log_sizes(std::size_t logs) : bytes_(logs) {
    for (auto& each : bytes_)
      each = unknown;
  }

  void set(log_index log, std::int64_t bytes) {
    bytes_[log].store(bytes, std::memory_order_relaxed);
  }
  /// Returns nothing before the first `set`.
  [[nodiscard]] std::optional<std::uint64_t> of(log_index log) const {
    auto bytes = bytes_[log].load(std::memory_order_relaxed);
    if (bytes < 0) return std::nullopt;
    return static_cast<std::uint64_t>(bytes);
  }

 private:
  static constexpr std::int64_t unknown = -1;
  std::vector<std::atomic<std::int64_t>> bytes_;
};

}  // namespace sonde::queue::local
