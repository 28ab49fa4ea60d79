#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "daemon/configuration.hpp"
#include "daemon/node.hpp"
#include "daemon/service_manager.hpp"
#include "daemon/verbs/verb.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <string>

namespace sonde::daemon {

/// Describes where a node listens, for the service manager.
[[nodiscard]] std::string status_of(const node& started);

/// Signal loop of the daemon, on the main thread. It handles signals and checks the health of the
/// node every second.
class signal_loop {
 public:
  /// Catches signals from now on. `running` is the configuration of the node. All other arguments
  /// outlive this object.
  signal_loop(const invocation& how, configuration running, node& watched,
              const service_manager& manager, logger& log);

  /// Waits for a signal or a failure. A signal that arrived earlier is handled now. Returns the
  /// exit code when the daemon has to stop.
  int run();
  /// Makes the next SIGTERM or SIGINT end the process at once.
  static void die_at_next_signal();

 private:
  void wait_for_signal();
  void reload();
  void read_again();
  void look_at_health();
  /// Checks that every thread makes progress, four times in the period in which systemd expects a
  /// report. Does nothing if systemd expects none.
  void feed_watchdog();
  awaitable<void> ask_threads(steady_time until);
  void stop(int code);

  const invocation& how_;
  configuration running_;
  node& node_;
  const service_manager& manager_;
  logger& log_;
  bool asking_ = false;
  steady_time next_meal_{};
  asio::io_context loop_{1};
  asio::signal_set signals_;
  asio::steady_timer timer_;
  int code_ = 0;
};

}  // namespace sonde::daemon
