#pragma once

#include "base/async/asio.hpp"
#include "base/async/condition.hpp"

#include <chrono>

namespace sonde {

/// A request to stop, which coroutines of one loop see and wait for.
///
/// Lives on one loop. Requested once; it stays requested.
class stop_signal {
 public:
  explicit stop_signal(executor loop) : changed_(std::move(loop)) {}

  void request() {
    requested_ = true;
    changed_.notify_all();
  }
  [[nodiscard]] bool requested() const { return requested_; }

  /// Pauses for so long. False: stop was requested before the pause was over.
  awaitable<bool> pause(std::chrono::milliseconds length);

 private:
  condition changed_;
  bool requested_ = false;
};

}  // namespace sonde
