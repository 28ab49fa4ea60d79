#include "daemon/verbs/common_flags.hpp"

#include "daemon/help_text.hpp"

#include <CLI/CLI.hpp>

namespace sonde::daemon {

CLI::Option* add_setting(CLI::App& verb, invocation& how, setting_flag what) {
  auto keep = [&how, flag = what.flag, key = what.key](const std::string& value) {
    how.flags.push_back({key, flag, value});
  };
  return verb.add_option_function<std::string>(what.flag, keep, what.description)
      ->type_name(what.value_name);
}

void add_config_flag(CLI::App& verb, invocation& how) {
  verb.add_option("--config", how.config_file, "configuration file")
      ->type_name("FILE")
      ->group(common_options);
}

void add_server_flags(CLI::App& verb, invocation& how) {
  add_config_flag(verb, how);
  add_setting(verb, how,
              {"--server", "server", "address of the server (http://127.0.0.1:8480)", "URL"})
      ->group(common_options);
  add_setting(
      verb, how,
      {"--ca-file", "ca_file", "the authorities for an https server (those of the system)", "FILE"})
      ->group(common_options);
  add_setting(verb, how,
              {"--data-dir", "data_dir", "where a server on this machine keeps its key", "DIR"})
      ->group(common_options);
}

void add_queue_flags(CLI::App& verb, invocation& how) {
  add_config_flag(verb, how);
  add_setting(
      verb, how,
      {"--data-dir", "data_dir", "where the queue is kept (`sonde print-config` shows it)", "DIR"})
      ->group(common_options);
}

void add_form_flags(CLI::App& verb, invocation& how) {
  auto set = [&how](client::output_form form) {
    return [&how, form](std::int64_t) { how.form = form; };
  };
  auto* json = verb.add_flag_function("--json", set(client::output_form::json),
                                      "JSON, one object a line; the default into a pipe")
                   ->group(common_options);
  verb.add_flag_function("--table", set(client::output_form::table),
                         "a table; the default on a terminal")
      ->excludes(json)
      ->group(common_options);
}

}  // namespace sonde::daemon
