#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>

namespace sonde {

/// A timeout for one operation (operation timeout). Calls `cancel` at the deadline, unless it is
/// disarmed before. It cancels only the operation, not the coroutine that runs it.
///
/// Handles one operation at a time. A late expiry never cancels a later operation. Lives on one
/// loop. May be destroyed while armed.
class operation_timeout {
 public:
  operation_timeout(executor loop, std::function<void()> cancel);
  ~operation_timeout();
  operation_timeout(const operation_timeout&) = delete;
  operation_timeout& operator=(const operation_timeout&) = delete;

  void arm(steady_time deadline);
  void disarm();
  /// Reports whether the timeout has expired since it was last armed.
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
