#pragma once

#include "base/async/asio.hpp"
#include "base/result.hpp"

#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace sonde::client {

/// Source of targets that arrive while a command runs. Lives on the command's loop.
class target_source {
 public:
  virtual ~target_source() = default;

  /// Waits for the next target. No value at the end of the list and after `stop`. Several
  /// coroutines may wait. Errors: `errc::usage` if the list cannot be read to its end; the targets
  /// before that place are returned first.
  virtual awaitable<result<std::optional<std::string>>> next() = 0;
  /// Stops reading and wakes all waiters.
  virtual void stop() = 0;
};

/// List of targets (target_list.hpp) from standard input. Returns a target as soon as its line is
/// complete.
///
/// A separate thread reads at most 256 targets ahead, because a loop cannot wait for files or
/// terminals without changing them for other processes.
class target_stream final : public target_source {
 public:
  /// `descriptor` outlives this object.
  target_stream(executor loop, int descriptor);
  /// Stops reading and joins the thread.
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
