#include "client/errc.hpp"
#include "client/standard_output.hpp"
#include "daemon/backend.hpp"
#include "daemon/former_settings.hpp"
#include "daemon/front_door.hpp"
#include "daemon/node.hpp"
#include "daemon/own_key.hpp"
#include "daemon/private_files.hpp"
#include "daemon/service_manager.hpp"
#include "daemon/signal_loop.hpp"
#include "daemon/verbs/common_flags.hpp"
#include "daemon/verbs/report.hpp"
#include "daemon/verbs/run_verb.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

namespace sonde::daemon {
namespace {

/// Time for the last steps after everything has drained.
constexpr std::chrono::seconds last_steps{30};

/// Prints the URL if standard output is a terminal. Otherwise the daemon prints its log only, which
/// contains the URL.
void announce(const node& started, logger& log) {
  if (started.endpoint().empty() || isatty(STDOUT_FILENO) != 1) return;
  auto written = client::write_output("Sonde listens on " + started.url() + "\n");
  if (!written) {
    log.warning("the server's address was not printed", {{"reason", written.error().message()}});
  }
}

/// Warns of keys that the next version refuses.
void warn_of_former_keys(const configuration& config, logger& log) {
  for (const auto& use : former_keys_in(config)) {
    log.warning("setting has a former key; the next version refuses it",
                {{"setting", use.former}, {"use", use.key}, {"origin", use.origin}});
  }
}

int serve(const invocation& how) {
  auto config = load_configuration(how);
  if (!config) return complain(config.error(), client::exit_code::configuration);
  system_clock clock;
  logger log(level_of(*config), format_of(*config));
  if (journal_reads_errors(how.variables)) log.tell_priorities();
  warn_of_former_keys(*config, log);
  // This check comes first, so that a daemon that cannot start leaves no partial state.
  if (auto fine = check_front_door(*config); !fine) {
    return complain(fine.error(), client::exit_code::configuration);
  }
  if (auto valid = check_certificate_time(*config, clock.now()); !valid) {
    log.warning("TLS certificate expired; clients may refuse this server",
                {{"reason", valid.error().message()}});
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
      log.warning("created the first key, with the role admin", {{"file", (*made)->string()}});
    }
  }
  node_storage storage{std::move(*queue), view_folder};
  node daemon(*config, std::move(storage), http_use::listen, clock, log);
  service_manager manager(how.variables);
  signal_loop watch(how, *config, daemon, manager, log);
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
  signal_loop::die_at_next_signal();
  // Scans and webhooks drain one after the other, so the time counts twice.
  manager.stopping(2 * std::chrono::seconds(config->drain_s) + last_steps);
  daemon.stop();
  log.info("stopped");
  return code;
}

}  // namespace

void register_serve(CLI::App& program, verb_context& context) {
  auto* verb = program.add_subcommand("serve", "run the daemon");
  add_queue_flags(*verb, context.how);
  add_setting(*verb, context.how,
              {"--listen", "http.listen", "address and port (127.0.0.1:8480)", "ADDR:PORT"});
  add_setting(*verb, context.how,
              {"--roles", "roles", "what this process does (ingest,scanner,view,webhook)", "LIST"});
  verb->callback([&context] { context.run = [&context] { return serve(context.how); }; });
}

}  // namespace sonde::daemon
