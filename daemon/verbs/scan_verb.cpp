#include "client/errc.hpp"
#include "client/http_api.hpp"
#include "client/scan_command.hpp"
#include "client/target_list.hpp"
#include "client/target_stream.hpp"
#include "daemon/backend.hpp"
#include "daemon/find_server.hpp"
#include "daemon/node.hpp"
#include "daemon/scan_flags.hpp"
#include "daemon/verbs/common_flags.hpp"
#include "daemon/verbs/report.hpp"
#include "daemon/verbs/run_verb.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <memory>
#include <unistd.h>

namespace sonde::daemon {
namespace {

namespace exit_code = client::exit_code;

struct scan_arguments {
  client::scan_options options;
  std::string targets_file;
  bool local = false;  ///< scans in this process, without a daemon, on a queue in memory
};

/// Starts the node of one command: everything is in memory, it listens on no port, and every target
/// that is not denied is in scope.
result<std::unique_ptr<node>> start_local_node(configuration config, const clock& clock,
                                               logger& log) {
  config.queue.backend = "memory";
  config.scope.allow = {"0.0.0.0/0", "::/0"};
  config.drain_s = 0;
  auto queue = open_queue(config, queue_use::serve, clock, log);
  if (!queue) return queue.error();
  node_storage storage{.queue = std::move(*queue)};
  auto made =
      std::make_unique<node>(std::move(config), std::move(storage), http_use::none, clock, log);
  if (auto started = made->start(); !started) return started.error();
  return made;
}

int scan_with(const invocation& how, scan_arguments given) {
  auto config = load_configuration(how);
  if (!config) return complain(config.error(), exit_code::configuration);
  system_clock clock;
  logger log(log_level::warning, format_of(*config));
  client::terminal out(how.form);
  asio::io_context loop(1);
  std::unique_ptr<node> here;
  std::unique_ptr<client::scan_api> api;
  if (given.local) {
    auto started = start_local_node(*config, clock, log);
    if (!started) return complain(started.error(), exit_code::configuration);
    here = std::move(*started);
    api = here->local_api();
    given.options.server_goes_on = false;
  } else {
    auto server = find_server(*config, how.variables);
    if (!server) return complain(server.error(), client::exit_code_of(server.error()));
    api = client::make_http_api(loop.get_executor(), std::move(*server));
  }
  std::unique_ptr<client::target_stream> input;
  if (given.options.reads_input) {
    input = std::make_unique<client::target_stream>(loop.get_executor(), STDIN_FILENO);
  }
  client::scan_command command(*api, out, clock, std::move(given.options), input.get());
  int code = run_verb(
      loop, out, [&] { return command.run(); }, [&] { command.interrupt(); });
  if (here) here->stop();
  return code;
}

int run_scan(const invocation& how, scan_arguments given) {
  auto& options = given.options;
  options.reads_input = std::erase(options.targets, "-") > 0 || given.targets_file == "-";
  if (!given.targets_file.empty() && given.targets_file != "-") {
    auto listed = client::read_target_file(given.targets_file);
    if (!listed) return complain(listed.error(), exit_code::usage);
    std::ranges::move(*listed, std::back_inserter(options.targets));
  }
  if (options.targets.empty() && !options.reads_input) {
    std::cerr << "sonde: there is nothing to scan; name a target: `sonde scan example.com`\n";
    return exit_code::usage;
  }
  if (given.local && !options.wait) {
    std::cerr << "sonde: --local and --no-wait contradict each other: the scan would end with the "
                 "command\n";
    return exit_code::usage;
  }
  return scan_with(how, std::move(given));
}

}  // namespace

void register_scan(CLI::App& program, verb_context& context) {
  auto given = std::make_shared<scan_arguments>();
  auto& options = given->options;
  auto* scan = program.add_subcommand("scan", "scan targets and print the results");
  add_server_flags(*scan, context.how);
  scan->add_option("targets", options.targets,
                   "IP addresses and names; - reads them from standard input")
      ->type_name("TARGET");
  scan->add_option("--targets", given->targets_file,
                   "a file with one target a line; # begins a comment")
      ->type_name("FILE");
  add_scan_flags(scan, options);
  scan->add_flag("--local", given->local,
                 "scan in this process, without a daemon; nothing is stored");
  add_form_flags(*scan, context.how);
  scan->callback([&context, given] {
    context.run = [&context, given] { return run_scan(context.how, *given); };
  });
}

}  // namespace sonde::daemon
