#pragma once

#include "daemon/configuration.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::daemon {

/// Whether what is written to standard error goes to journald (`JOURNAL_STREAM`, systemd.exec(5)).
[[nodiscard]] bool journal_reads_errors(const environment& variables);

/// Tells systemd how the process is (sd_notify(3)): a datagram to the socket that `NOTIFY_SOCKET`
/// names. Where there is none, everything here does nothing. What cannot be sent is lost: systemd
/// acts on what it does not hear. Used by one thread.
class service_manager {
 public:
  explicit service_manager(const environment& variables);
  ~service_manager();
  service_manager(const service_manager&) = delete;
  service_manager& operator=(const service_manager&) = delete;

  /// The process has started, or has taken over a configuration. `status` is for people.
  void ready(std::string_view status) const;
  /// A new configuration is being read; `ready` ends it.
  void reloading() const;
  /// The process ends, and may take so long for it.
  void stopping(std::chrono::seconds at_most) const;
  /// All threads get on. To be said at least once in `watchdog`.
  void alive() const;

  /// How long systemd waits for `alive` before it kills; nothing where it does not wait
  /// (`WATCHDOG_USEC`).
  [[nodiscard]] std::optional<std::chrono::milliseconds> watchdog() const { return watchdog_; }

 private:
  void send(std::string_view state) const;

  std::string socket_;
  int descriptor_ = -1;
  std::optional<std::chrono::milliseconds> watchdog_;
};

}  // namespace sonde::daemon
