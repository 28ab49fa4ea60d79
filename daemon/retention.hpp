#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace sonde::daemon {

/// Limits on the age and the bytes of a topic's records. Zero: no limit.
struct topic_retention {
  std::chrono::seconds time{0};
  std::uint64_t bytes = 0;
  /// Keeps records of any age until every consumer group has committed them. Such a topic has no
  /// limit on its bytes.
  bool until_committed = false;
  /// Age at which a repeat is removed; zero: no limit. No value if a topic has no repeats.
  std::optional<std::chrono::seconds> repeats = std::nullopt;
};

/// Retention by the short name of the topic, for every topic that is not compacted.
using retention_table = std::map<std::string, topic_retention>;
[[nodiscard]] retention_table default_retention();

/// Parses a duration: `90d`, `36h`, `15m`, `30s`, `2w`, or `0`, which means no limit. Any other
/// duration is at least a minute.
[[nodiscard]] result<std::chrono::seconds> parse_duration(const std::string& text);
/// Formats a duration in its shortest form.
[[nodiscard]] std::string duration_text(std::chrono::seconds time);

}  // namespace sonde::daemon
