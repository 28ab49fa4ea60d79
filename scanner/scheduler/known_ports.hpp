#pragma once

#include "base/clock.hpp"
#include "base/record.hpp"

#include <string>
#include <unordered_map>
#include <vector>

namespace sonde::scanner {

/// Which `port` entities this process has published lately. A port is a fact of the whole world, so
/// publishing it to the same groups once an hour is enough. Holds a bounded number. Lives on one
/// loop.
class known_ports {
 public:
  /// Drops the records of ports that were published to `groups` within the hour, and notes the
  /// others as published.
  void drop_known(std::vector<record>& records, const std::string& groups, steady_time now);

 private:
  std::unordered_map<std::string, steady_time> published_;  ///< by groups and key
};

}  // namespace sonde::scanner
