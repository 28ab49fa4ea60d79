#pragma once

#include "client/audit_list.hpp"
#include "client/keys.hpp"
#include "client/read_commands.hpp"
#include "client/redrive.hpp"
#include "client/scan_command.hpp"
#include "client/terminal.hpp"
#include "daemon/configuration.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::daemon {

/// What the command line and the environment say, beyond the verb's own words.
struct invocation {
  std::optional<std::filesystem::path> config_file;
  environment variables;
  std::vector<flag_value> flags;
  client::output_form form = client::output_form::automatic;
};

/// Says on standard error why a verb comes to nothing; returns the exit code.
int complain(const error& why, int code);
/// Writes a text to standard output; returns the exit code. Says on standard error why it cannot be
/// written, except where its reader has closed it.
int print_out(std::string_view text);

/// Each verb, to its exit code.

/// The daemon. Returns when a signal has ended it; a second signal ends the process at once.
int serve(const invocation& how);
/// `local`: without a daemon, in this process, on a queue in memory.
int scan(const invocation& how, client::scan_options options, bool local);
int show(const invocation& how, const std::string& what);
int cancel(const invocation& how, std::vector<std::string> scans);
int watch(const invocation& how, const std::string& task);
int list_topics(const invocation& how);
int redrive_topic(const invocation& how, client::redrive_order order);
int tail_topic(const invocation& how, client::tail_options options);
int list_audit(const invocation& how, client::audit_query query);
int list_dead_deliveries(const invocation& how);
int change_keys(const invocation& how, client::key_command command);
/// Makes the topics of a queue that does not make its own, and says how each of them is.
int make_topics(const invocation& how);
int check_config(const invocation& how);
int print_config(const invocation& how);

}  // namespace sonde::daemon
