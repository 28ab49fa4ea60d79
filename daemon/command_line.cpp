#include "daemon/command_line.hpp"

#include "client/errc.hpp"
#include "daemon/help_text.hpp"
#include "daemon/usage_error.hpp"
#include "daemon/verbs/report.hpp"
#include "daemon/verbs/verb.hpp"
#include "model/text/json.hpp"
#include "model/text/text.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <sstream>
#include <string_view>
#include <vector>

namespace sonde::daemon {
namespace {

environment read_environment(const char* const* variables) {
  environment out;
  for (const auto* each = variables; *each != nullptr; ++each) {
    std::string_view entry(*each);
    auto equals = entry.find('=');
    if (equals == entry.npos) continue;
    out.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return out;
}

/// Registers every verb, in the order of the help.
void register_verbs(CLI::App& program, verb_context& context) {
  register_serve(program, context);
  register_scan(program, context);
  register_show(program, context);
  register_watch(program, context);
  register_cancel(program, context);
  register_topic(program, context);
  register_key(program, context);
  register_webhook(program, context);
  register_audit(program, context);
  register_check_config(program, context);
  register_print_config(program, context);
}

/// Describes a misspelt verb; empty if there is none. CLI11 reports only that a verb is missing.
std::string unknown_verb(const CLI::App& program, int count, const char* const* words) {
  const CLI::App* at = &program;
  std::string group = at->get_name();
  for (int i = 1; i < count && words[i][0] != '-'; ++i) {
    auto subcommands = at->get_subcommands([](const CLI::App*) { return true; });
    if (subcommands.empty()) return {};
    std::vector<std::string> names;
    for (const auto* verb : subcommands)
      names.push_back(verb->get_name());
    std::string word = words[i];
    std::vector<std::string_view> verbs(names.begin(), names.end());
    auto found = std::ranges::find(verbs, word);
    if (found == verbs.end()) {
      auto meant = model::nearest_word(word, verbs);
      auto mend = meant.empty() ? std::string() : "did you mean \"" + std::string(meant) + "\"? ";
      return "there is no verb \"" + word + "\"; " + mend + "`" + group +
             " --help` lists the verbs";
    }
    group += " " + word;
    at = subcommands[static_cast<std::size_t>(found - verbs.begin())];
  }
  return {};
}

/// Parses the command line and runs its verb. Returns the exit code.
int parse_and_run(int count, const char* const* words, environment variables) {
  verb_context context{.how = {.variables = std::move(variables)}};
  CLI::App program("Sonde: scans hosts and reports what it finds as events on durable topics.",
                   "sonde");
  program.require_subcommand(1);
  program.set_version_flag("--version", std::string("sonde " SONDE_VERSION));
  program.footer(verb_footer);  // a verb inherits the footer that is set before it is added
  program.failure_message(usage_error);
  register_verbs(program, context);
  program.footer(program_footer);
  if (count < 2) {
    std::cerr << program.help();
    return client::exit_code::usage;
  }
  if (auto unknown = unknown_verb(program, count, words); !unknown.empty()) {
    std::cerr << "sonde: " << model::visible(unknown) << "\n";
    return client::exit_code::usage;
  }
  try {
    program.parse(count, words);
  } catch (const CLI::ParseError& e) {
    std::ostringstream out;
    return program.exit(e, out) == 0 ? print_out(out.str()) : client::exit_code::usage;
  }
  return context.run();
}

}  // namespace

int run_command_line(int count, const char* const* words, const char* const* variables) {
  // A write to a closed reader is an error like others and does not end the process.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return parse_and_run(count, words, read_environment(variables));
  } catch (const std::exception& e) {
    std::cerr << "sonde: " << model::visible(e.what()) << "\n";
    return client::exit_code::internal;
  }
}

}  // namespace sonde::daemon
