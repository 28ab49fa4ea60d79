#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>

namespace sonde {

/// Ends an operation that takes too long, without ending what it is an operation of: rings at a
/// deadline, and calls `cancel`, unless it was disarmed before.
///
/// One operation at a time. A ring that comes late hits no later operation. Lives on one loop; may
/// be destroyed while armed.
class alarm {
 public:
  alarm(executor loop, std::function<void()> cancel);
  ~alarm();
  alarm(const alarm&) = delete;
  alarm& operator=(const alarm&) = delete;

  void arm(steady_time deadline);
  void disarm();
  /// Whether it has rung since it was armed last.
  [[nodiscard]] bool rang() const { return state_->rang; }

 private:
  struct state {
    std::function<void()> cancel;
    std::uint64_t operation = 0;
    bool rang = false;
  };

  asio::steady_timer timer_;
  std::shared_ptr<state> state_;
};

}  // namespace sonde
