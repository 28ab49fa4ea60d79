#include "client/errc.hpp"
#include "daemon/former_settings.hpp"
#include "daemon/front_door.hpp"
#include "daemon/help_text.hpp"
#include "daemon/private_files.hpp"
#include "daemon/recog_setting.hpp"
#include "daemon/verbs/common_flags.hpp"
#include "daemon/verbs/report.hpp"
#include "daemon/verbs/run_verb.hpp"
#include "model/text/text.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

namespace sonde::daemon {
namespace {

namespace exit_code = client::exit_code;

int run_check_config(const invocation& how) {
  auto config = load_configuration(how);
  if (!config) return complain(config.error(), exit_code::configuration);
  if (auto fine = check_front_door(*config); !fine) {
    return complain(fine.error(), exit_code::configuration);
  }
  if (auto valid = check_certificate_time(*config, system_clock().now()); !valid) {
    return complain(valid.error(), exit_code::configuration);
  }
  if (auto safe = check_data_folder(config->data_dir); !safe) {
    return complain(safe.error(), exit_code::configuration);
  }
  if (auto fingerprints = load_fingerprints(*config); !fingerprints) {
    return complain(fingerprints.error(), exit_code::configuration);
  }
  for (const auto& use : former_keys_in(*config))
    std::cerr << "sonde: warning: " << model::visible(use.sentence()) << "\n";
  std::cerr << "the configuration is valid\n";
  return exit_code::done;
}

int run_print_config(const invocation& how) {
  auto config = load_configuration(how);
  if (!config) return complain(config.error(), exit_code::configuration);
  bool as_json = how.form == client::output_form::json;
  return print_out(as_json ? to_json_text(*config) + "\n" : to_toml(*config));
}

}  // namespace

void register_check_config(CLI::App& program, verb_context& context) {
  auto* check = program.add_subcommand("check-config", "check the configuration");
  add_config_flag(*check, context.how);
  check->callback(
      [&context] { context.run = [&context] { return run_check_config(context.how); }; });
}

void register_print_config(CLI::App& program, verb_context& context) {
  auto* print = program.add_subcommand("print-config", "print every setting and its origin");
  add_config_flag(*print, context.how);
  add_setting(*print, context.how, {"--data-dir", "data_dir", "where the queue is kept", "DIR"})
      ->group(common_options);
  auto as_json = [&context](std::int64_t) { context.how.form = client::output_form::json; };
  print->add_flag_function("--json", as_json, "as JSON")->group(common_options);
  print->callback(
      [&context] { context.run = [&context] { return run_print_config(context.how); }; });
}

}  // namespace sonde::daemon
