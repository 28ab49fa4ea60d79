#pragma once

#include "daemon/verbs/verb.hpp"

#include <string>

namespace CLI {
class Option;
}

namespace sonde::daemon {

/// Name and help of a flag that sets the value of a setting.
struct setting_flag {
  std::string flag;  ///< `--listen`
  std::string key;   ///< `http.listen`
  std::string description;
  std::string value_name;
};
CLI::Option* add_setting(CLI::App& verb, invocation& how, setting_flag what);

/// Each function below adds flags that several verbs have. `how` outlives the verb.

/// Adds `--config`.
void add_config_flag(CLI::App& verb, invocation& how);
/// Adds the flags of a verb that contacts a server.
void add_server_flags(CLI::App& verb, invocation& how);
/// Adds the flags of a verb that uses the queue.
void add_queue_flags(CLI::App& verb, invocation& how);
/// Adds `--json` and `--table`.
void add_form_flags(CLI::App& verb, invocation& how);

}  // namespace sonde::daemon
