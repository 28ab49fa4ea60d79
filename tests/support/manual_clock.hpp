#pragma once

#include "base/clock.hpp"

#include <atomic>

namespace sonde::test {

/// A clock that stands still until a test moves it. Thread-safe.
class manual_clock final : public clock {
 public:
  /// Begins at 2026-01-02T03:04:05Z.
  manual_clock() : now_(1767323045000) {}

  [[nodiscard]] wall_time now() const override {
    return wall_time(std::chrono::milliseconds(now_.load()));
  }
  [[nodiscard]] steady_time steady_now() const override {
    return steady_time(std::chrono::milliseconds(now_.load()));
  }
  void advance(std::chrono::milliseconds by) { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_;
};

}  // namespace sonde::test
