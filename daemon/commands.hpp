#pragma once

#include "client/read_commands.hpp"
#include "client/scan_command.hpp"
#include "daemon/configuration.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sonde::daemon {

/// What the command line and the environment say, beyond the verb's own words.
struct invocation {
  std::optional<std::filesystem::path> config_file;
  environment variables;
  std::vector<flag_value> flags;
};

/// Each verb, to its exit code.

/// The daemon. Returns when a signal has ended it; a second signal ends the process at once.
int serve(const invocation& how);
/// `local`: without a daemon, in this process, on a queue in memory.
int scan(const invocation& how, client::scan_options options, bool local);
int show(const invocation& how, const std::string& what, bool json);
int watch(const invocation& how, const std::string& task, bool json);
int list_topics(const invocation& how, bool json);
int tail_topic(const invocation& how, client::tail_options options);
int check_config(const invocation& how);
int print_config(const invocation& how, bool json);

}  // namespace sonde::daemon
