#pragma once

#include "base/async/asio.hpp"
#include "base/result.hpp"

#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace sonde::client {

/// Targets that come while a command runs. Lives on the command's loop.
class target_source {
 public:
  virtual ~target_source() = default;

  /// The next target, once there is one; nothing at the end of the list and after `stop`. Several
  /// coroutines may wait. Errors: `errc::usage` where the list cannot be read to its end, after the
  /// targets before that place.
  virtual awaitable<result<std::optional<std::string>>> next() = 0;
  /// Reads no further, and wakes all that wait.
  virtual void stop() = 0;
};

/// A list of targets (target_list.hpp) from standard input: the first target is there as soon as
/// its line is.
///
/// A thread of its own reads, at most 256 targets ahead, because neither files nor terminals can be
/// waited for on a loop without changing them for other processes.
class target_stream final : public target_source {
 public:
  /// `descriptor` outlives this.
  target_stream(executor loop, int descriptor);
  /// Stops, and waits for the thread.
  ~target_stream() override;
  target_stream(const target_stream&) = delete;
  target_stream& operator=(const target_stream&) = delete;

  awaitable<result<std::optional<std::string>>> next() override;
  void stop() override;

 private:
  struct state;
  std::shared_ptr<state> state_;
  std::thread reader_;
};

}  // namespace sonde::client
