#include "client/errc.hpp"
#include "client/standard_output.hpp"
#include "daemon/commands.hpp"
#include "daemon/front_door.hpp"
#include "daemon/node.hpp"
#include "daemon/own_key.hpp"
#include "daemon/private_files.hpp"
#include "model/json.hpp"
#include "queue/errc.hpp"

#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <unistd.h>

namespace sonde::daemon {
namespace {

constexpr std::chrono::seconds health_pause{1};

/// The main thread's part of a daemon: signals, and an eye on the queue.
class watchman {
 public:
  watchman(const invocation& how, node& watched, logger& log)
      : how_(how),
        node_(watched),
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
    auto changed = load_configuration(how_.config_file, how_.variables, how_.flags);
    auto reloaded = changed ? node_.reload(*changed) : result<>(changed.error());
    if (reloaded) {
      log_.info("configuration reloaded: scope, log level and certificates");
    } else {
      log_.error("configuration not reloaded; nothing has changed",
                 {{"reason", reloaded.error().message()}});
    }
  }

  void look_at_health() {
    timer_.expires_after(health_pause);
    timer_.async_wait([this](error_code failed) {
      if (failed) return;
      node_.refresh_addresses();
      auto well = node_.health();
      if (well) {
        look_at_health();
        return;
      }
      log_.error("stopping, to be started again", {{"reason", well.error().message()}});
      stop(client::exit_code::data_folder);
    });
  }

  void stop(int code) {
    code_ = code;
    error_code ignored;
    signals_.cancel(ignored);
    timer_.cancel();
  }

  const invocation& how_;
  node& node_;
  logger& log_;
  asio::io_context loop_{1};
  asio::signal_set signals_;
  asio::steady_timer timer_;
  int code_ = 0;
};

/// Tells the reader of standard output where the daemon listens. A daemon runs on without one.
void announce(const node& started, logger& log) {
  if (started.endpoint().empty()) return;
  model::json line = {{"listening", started.url()}};
  bool for_people = isatty(STDOUT_FILENO) == 1;
  auto text = for_people ? "Sonde listens on " + started.url() : model::to_text(line);
  auto written = client::write_output(text + "\n");
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
  // First of all: whoever is told that it cannot start finds nothing half made.
  if (auto fine = check_front_door(*config); !fine) {
    return complain(fine.error(), client::exit_code::configuration);
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
  watchman watch(how, daemon, log);
  if (auto started = daemon.start(); !started) {
    return complain(started.error(), client::exit_code::configuration);
  }
  announce(daemon, log);
  log.info("started", {{"version", SONDE_VERSION},
                       {"listen", daemon.endpoint()},
                       {"queue", config->queue.backend},
                       {"data", config->data_dir.string()}});
  int code = watch.run();
  watchman::die_at_next_signal();
  daemon.stop();
  log.info("stopped");
  return code;
}

}  // namespace sonde::daemon
