#pragma once

#include "daemon/configuration.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sonde::daemon {

/// What a new configuration changes, by the names of the settings.
struct reload_report {
  std::vector<std::string> taken_over;
  std::vector<std::string> need_restart;
};

/// Whether a reload takes over the setting of this name, as far as nothing else forbids it.
[[nodiscard]] bool is_reloaded(std::string_view key);

/// Compares what runs with what was read anew.
[[nodiscard]] reload_report compare(const configuration& running, const configuration& read);

/// What runs from now on: `running`, with the settings of `read` that a reload takes over.
[[nodiscard]] configuration taken_over(configuration running, const configuration& read);

}  // namespace sonde::daemon
