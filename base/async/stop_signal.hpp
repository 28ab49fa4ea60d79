#pragma once

#include "base/async/asio.hpp"
#include "base/async/condition.hpp"

#include <chrono>

namespace sonde {

/// A request to stop. Coroutines of one loop check it and wait for it.
///
/// Lives on one loop. It is requested once and stays requested.
class stop_signal {
 public:
  explicit stop_signal(executor loop) : changed_(std::move(loop)) {}

  void request() {
    requested_ = true;
    changed_.notify_all();
  }
  [[nodiscard]] bool requested() const { return requested_; }

  /// Pauses for `length`. Returns false if stop was requested before the end of the pause.
  awaitable<bool> pause(std::chrono::milliseconds length);

 private:
  condition changed_;
  bool requested_ = false;
};

}  // namespace sonde
