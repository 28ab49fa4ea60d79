#pragma once

#include "daemon/settings.hpp"

#include <vector>

namespace sonde::daemon {

/// `topics.NAME.retention` and `topics.NAME.retention_bytes`, of every topic that has them.
[[nodiscard]] std::vector<setting> topic_settings();

}  // namespace sonde::daemon
