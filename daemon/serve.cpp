#include "base/async/answering.hpp"
#include "client/errc.hpp"
#include "client/standard_output.hpp"
#include "daemon/commands.hpp"
#include "daemon/front_door.hpp"
#include "daemon/node.hpp"
#include "daemon/own_key.hpp"
#include "daemon/private_files.hpp"
#include "daemon/reload_report.hpp"
#include "daemon/service_manager.hpp"
#include "queue/errc.hpp"

#include <boost/asio/signal_set.hpp>

#include <algorithm>
#include <csignal>
#include <unistd.h>

namespace sonde::daemon {
namespace {

constexpr std::chrono::seconds health_pause{1};

/// What is left to do when all that drains has drained.
constexpr std::chrono::seconds last_steps{30};

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names)
    out += (out.empty() ? "" : " ") + name;
  return out.empty() ? "nothing" : out;
}

std::string status_of(const node& started) {
  return started.endpoint().empty() ? "works without HTTP" : "listens on " + started.url();
}

/// The main thread's part of a daemon: signals, and an eye on the queue.
class watchman {
 public:
  watchman(const invocation& how, configuration running, node& watched,
           const service_manager& manager, logger& log)
      : how_(how),
        running_(std::move(running)),
        node_(watched),
        manager_(manager),
        log_(log),
        signals_(loop_, SIGTERM, SIGINT, SIGHUP),
        timer_(loop_) {}

  /// A signal that comes before this waits for it. Returns when the daemon is to stop, with its
  /// exit code.
  int run() {
    wait_for_signal();
    look_at_health();
    loop_.run();
    return code_;
  }

  /// From now on any signal ends the process at once.
  static void die_at_next_signal() {
    for (int number : {SIGTERM, SIGINT}) {
      std::signal(number, [](int caught) { _exit(128 + caught); });
    }
  }

 private:
  void wait_for_signal() {
    signals_.async_wait([this](error_code failed, int number) {
      if (failed) return;
      if (number == SIGHUP) {
        reload();
        wait_for_signal();
        return;
      }
      log_.info("stopping", {{"signal", static_cast<std::int64_t>(number)}});
      stop(client::exit_code::done);
    });
  }

  void reload() {
    manager_.reloading();
    read_again();
    manager_.ready(status_of(node_));
  }

  void read_again() {
    auto changed = load_configuration(how_.config_file, how_.variables, how_.flags);
    auto reloaded =
        changed ? node_.reload(taken_over(running_, *changed)) : result<>(changed.error());
    if (!reloaded) {
      log_.error("configuration not reloaded; nothing has changed",
                 {{"reason", reloaded.error().message()}});
      return;
    }
    auto report = compare(running_, *changed);
    running_ = taken_over(std::move(running_), *changed);
    // Files may have changed where their names have not.
    const char* files = running_.http.tls_certificate.empty() ? "none" : "read again";
    log_.info("configuration reloaded",
              {{"taken_over", listed(report.taken_over)}, {"tls_files", files}});
    if (report.need_restart.empty()) return;
    log_.warning("settings that need a restart have changed",
                 {{"settings", listed(report.need_restart)}});
  }

  void look_at_health() {
    timer_.expires_after(health_pause);
    timer_.async_wait([this](error_code failed) {
      if (failed) return;
      node_.refresh_addresses();
      node_.watch_clock();
      feed_watchdog();
      auto well = node_.health();
      if (well) {
        look_at_health();
        return;
      }
      log_.error("stopping, to be started again", {{"reason", well.error().message()}});
      stop(client::exit_code::data_folder);
    });
  }

  /// Where systemd waits to hear it, every thread is asked whether it gets on, four times in the
  /// time that it waits.
  void feed_watchdog() {
    auto now = std::chrono::steady_clock::now();
    auto period = manager_.watchdog();
    if (!period || asking_ || now < next_meal_) return;
    next_meal_ = now + *period / 4;
    asking_ = true;
    auto ask = [this, until = now + *period] { return ask_threads(until); };
    auto done = [](std::exception_ptr) {};
    asio::co_spawn(loop_, std::move(ask), done);
  }

  awaitable<void> ask_threads(steady_time until) {
    auto answered = co_await answering(node_.threads(), until);
    asking_ = false;
    bool all = std::ranges::all_of(answered, [](bool each) { return each; });
    if (all) manager_.alive();
  }

  void stop(int code) {
    code_ = code;
    // A thread that does not answer is not waited for.
    loop_.stop();
  }

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

/// Prints the URL if standard output is a terminal. Otherwise the daemon prints its log only, which
/// contains the URL.
void announce(const node& started, logger& log) {
  if (started.endpoint().empty() || isatty(STDOUT_FILENO) != 1) return;
  auto written = client::write_output("Sonde listens on " + started.url() + "\n");
  if (!written) {
    log.warning("the address could not be printed", {{"reason", written.error().message()}});
  }
}

}  // namespace

int serve(const invocation& how) {
  auto config = load_configuration(how.config_file, how.variables, how.flags);
  if (!config) return complain(config.error(), client::exit_code::configuration);
  system_clock clock;
  logger log(level_of(*config), format_of(*config));
  if (journal_reads_errors(how.variables)) log.tell_priorities();
  // First of all: whoever is told that it cannot start finds nothing half made.
  if (auto fine = check_front_door(*config); !fine) {
    return complain(fine.error(), client::exit_code::configuration);
  }
  if (auto valid = check_certificate_time(*config, clock.now()); !valid) {
    log.warning("clients may refuse this server", {{"reason", valid.error().message()}});
  }
  if (auto safe = check_data_folder(config->data_dir); !safe) {
    return complain(safe.error(), client::exit_code::data_folder);
  }
  auto queue = open_queue(*config, queue_use::serve, clock, log);
  if (!queue) return complain(queue.error(), client::exit_code::data_folder);
  auto view_folder = config->queue.backend == "memory" ? std::optional<std::filesystem::path>()
                                                       : std::optional(config->data_dir);
  if (config->queue.backend != "kafka") {
    auto made = make_first_key(**queue, config->data_dir, kernel_random, clock);
    if (!made) return complain(made.error(), client::exit_code::data_folder);
    if (*made) {
      log.warning("the first key has been made, and may do everything",
                  {{"file", (*made)->string()}});
    }
  }
  node daemon(*config, std::move(*queue), view_folder, clock, log);
  service_manager manager(how.variables);
  watchman watch(how, *config, daemon, manager, log);
  if (auto started = daemon.start(); !started) {
    return complain(started.error(), client::exit_code::configuration);
  }
  announce(daemon, log);
  manager.ready(status_of(daemon));
  log.info("started", {{"version", SONDE_VERSION},
                       {"url", daemon.endpoint().empty() ? std::string() : daemon.url()},
                       {"queue", config->queue.backend},
                       {"data", config->data_dir.string()}});
  int code = watch.run();
  watchman::die_at_next_signal();
  // Scans and webhooks drain one after the other.
  manager.stopping(2 * std::chrono::seconds(config->drain_s) + last_steps);
  daemon.stop();
  log.info("stopped");
  return code;
}

}  // namespace sonde::daemon
