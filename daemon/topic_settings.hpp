#pragma once

#include "daemon/settings.hpp"

#include <vector>

namespace sonde::daemon {

/// `topics.NAME.retention` and `topics.NAME.retention_bytes`, of every topic that has them.
[[nodiscard]] std::vector<setting> topic_settings();

/// What has to fit together: a message for a webhook is read again from its topic until it is given
/// up.
[[nodiscard]] result<> check_retention(const configuration& config);

}  // namespace sonde::daemon
