#pragma once

#include "daemon/settings.hpp"

#include <vector>

namespace sonde::daemon {

/// Returns the settings `topics.NAME.retention`, `topics.NAME.retention_bytes` and
/// `topics.NAME.repeats` of every topic that has them.
[[nodiscard]] std::vector<setting> topic_settings();

/// Checks settings that depend on each other: a webhook message is read again from its topic until
/// it is abandoned, so the topic must keep it that long. Kafka cannot remove repeats.
[[nodiscard]] result<> check_retention(const configuration& config);

}  // namespace sonde::daemon
