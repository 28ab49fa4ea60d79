#pragma once

#include "base/result.hpp"
#include "daemon/configuration.hpp"
#include "daemon/settings.hpp"

#include <string>
#include <vector>

namespace sonde::daemon {

/// Setting under a key of an earlier version. It is accepted for one version after its renaming.
struct former_setting {
  setting old;      ///< sets the member of the renamed setting; its key is the former one
  std::string key;  ///< of the renamed setting
};

/// Use of a former key in a file or in the environment.
struct former_use {
  std::string former;
  std::string key;
  std::string origin;  ///< file, line and column, or the variable

  /// Formats the use as a sentence that names the key to use instead.
  [[nodiscard]] std::string sentence() const;
};

[[nodiscard]] const std::vector<former_setting>& former_settings();
/// Returns the setting with this former key, or null.
[[nodiscard]] const setting* find_former_setting(const std::string& key);

/// Gives each setting with a former key the origin of that key. Call after all sources are read.
/// Refuses a configuration that has a setting under both keys.
[[nodiscard]] result<> accept_former_keys(configuration& config);

/// Returns the former keys that the configuration was read from, for a warning.
[[nodiscard]] std::vector<former_use> former_keys_in(const configuration& config);

}  // namespace sonde::daemon
