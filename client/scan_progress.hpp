#pragma once

#include "base/clock.hpp"
#include "model/json.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace sonde::client {

/// How far the scans of one command have come, as one line for a person: what is done, how fast,
/// and how long the rest may take.
class scan_progress {
 public:
  void begin(steady_time now);
  /// How many scans there are, until now.
  void expect(std::size_t scans) { scans_ = scans; }
  /// A scan under way, as the server tells it.
  void note(const model::json& scan);
  /// One that has ended.
  void ended(const model::json& scan);

  [[nodiscard]] std::string line(steady_time now) const;

 private:
  struct state {
    std::string target;
    std::string status;
    double planned = 0;
    double done = 0;
    double open = 0;
  };
  [[nodiscard]] static state state_of(const model::json& scan);
  [[nodiscard]] std::string line_of_one(const state& scan, double passed_s) const;

  std::size_t scans_ = 0;
  std::size_t ended_ = 0;
  steady_time begun_{};
  double probes_ = 0;  ///< of the scans that have ended
  double open_ = 0;
  std::map<std::string, state> under_way_;  ///< by scan id
};

}  // namespace sonde::client
