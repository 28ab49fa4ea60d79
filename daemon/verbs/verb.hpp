#pragma once

#include "client/terminal.hpp"
#include "daemon/configuration.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

namespace CLI {
class App;
}

namespace sonde::daemon {

/// Values from the command line and the environment, except the verb's own arguments.
struct invocation {
  std::optional<std::filesystem::path> config_file = {};
  environment variables = {};
  std::vector<flag_value> flags = {};
  client::output_form form = client::output_form::automatic;
};

/// Command line while it is parsed. The verb on it sets `run`, which runs the verb and returns its
/// exit code.
struct verb_context {
  invocation how;
  std::function<int()> run = {};
};

/// Each function below adds verbs, with their flags, to the program. The context outlives the
/// program.

void register_serve(CLI::App& program, verb_context& context);
void register_scan(CLI::App& program, verb_context& context);
void register_show(CLI::App& program, verb_context& context);
void register_watch(CLI::App& program, verb_context& context);
void register_cancel(CLI::App& program, verb_context& context);
void register_topic(CLI::App& program, verb_context& context);
void register_key(CLI::App& program, verb_context& context);
void register_webhook(CLI::App& program, verb_context& context);
void register_audit(CLI::App& program, verb_context& context);
void register_check_config(CLI::App& program, verb_context& context);
void register_print_config(CLI::App& program, verb_context& context);

}  // namespace sonde::daemon
