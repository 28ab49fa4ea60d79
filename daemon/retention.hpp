#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace sonde::daemon {

/// How long, and up to how many bytes, the records of a topic are kept. Zero: no bound.
struct topic_retention {
  std::chrono::seconds time{0};
  std::uint64_t bytes = 0;
  /// Records stay, whatever their age, until every consumer group has committed them. Such a topic
  /// has no bound on its bytes.
  bool until_committed = false;
  /// How old a repeat becomes before it is removed; zero: no bound. Nothing where a topic has no
  /// repeats.
  std::optional<std::chrono::seconds> repeats = std::nullopt;
};

/// By the short name of the topic: every topic that is not compacted.
using retention_table = std::map<std::string, topic_retention>;
[[nodiscard]] retention_table default_retention();

/// `90d`, `36h`, `15m`, `30s`, `2w`, or `0`, which means no bound. At least a minute otherwise.
[[nodiscard]] result<std::chrono::seconds> parse_duration(const std::string& text);
/// The same in its shortest form.
[[nodiscard]] std::string duration_text(std::chrono::seconds time);

}  // namespace sonde::daemon
