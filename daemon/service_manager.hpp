#pragma once

#include "daemon/configuration.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::daemon {

/// Returns true if standard error goes to journald (`JOURNAL_STREAM`, systemd.exec(5)).
[[nodiscard]] bool journal_reads_errors(const environment& variables);

/// Reports the state of the process to systemd (sd_notify(3)), as a datagram to the socket in
/// `NOTIFY_SOCKET`. Without that variable every function does nothing. A failed send is ignored:
/// systemd acts on missing reports. Used by one thread.
class service_manager {
 public:
  explicit service_manager(const environment& variables);
  ~service_manager();
  service_manager(const service_manager&) = delete;
  service_manager& operator=(const service_manager&) = delete;

  /// Reports that the process has started, or has taken over a configuration. `status` is for
  /// people.
  void ready(std::string_view status) const;
  /// Reports that a new configuration is being read; `ready` ends this state.
  void reloading() const;
  /// Reports that the process is stopping and takes at most `at_most`.
  void stopping(std::chrono::seconds at_most) const;
  /// Reports that all threads make progress. Called at least once per `watchdog`.
  void alive() const;

  /// Returns how long systemd waits for `alive` before it kills the process. No value if it does
  /// not wait (`WATCHDOG_USEC`).
  [[nodiscard]] std::optional<std::chrono::milliseconds> watchdog() const { return watchdog_; }

 private:
  void send(std::string_view state) const;

  std::string socket_;
  int descriptor_ = -1;
  std::optional<std::chrono::milliseconds> watchdog_;
};

}  // namespace sonde::daemon
