#pragma once

#include "daemon/configuration.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sonde::daemon {

/// Changes of a new configuration, by the names of the settings.
struct reload_report {
  std::vector<std::string> taken_over;
  std::vector<std::string> need_restart;
};

/// Returns true if a reload takes over the setting of this name, unless another rule forbids it.
[[nodiscard]] bool is_reloaded(std::string_view key);

/// Compares the running configuration with the one that was read.
[[nodiscard]] reload_report compare(const configuration& running, const configuration& read);

/// Returns `running` with the settings of `read` that a reload takes over.
[[nodiscard]] configuration taken_over(configuration running, const configuration& read);

}  // namespace sonde::daemon
