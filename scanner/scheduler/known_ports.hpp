#pragma once

#include "base/clock.hpp"
#include "base/record.hpp"

#include <string>
#include <unordered_map>
#include <vector>

namespace sonde::scanner {

/// Remembers the `port` entities that this process has published recently. A port is the same
/// entity for all targets, so publishing it to the same groups once an hour is sufficient.
/// Size-limited. Lives on one loop.
class known_ports {
 public:
  /// Drops the records of ports that were published to `groups` within the hour, and marks the
  /// others as published.
  void drop_known(std::vector<record>& records, const std::string& groups, steady_time now);

 private:
  std::unordered_map<std::string, steady_time> published_;  ///< by groups and key
};

}  // namespace sonde::scanner
