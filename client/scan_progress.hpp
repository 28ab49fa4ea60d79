#pragma once

#include "base/clock.hpp"
#include "model/text/json.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace sonde::client {

/// Progress of the scans of one command, as one line for the terminal: what is done, the rate, and
/// the estimated time left. A scan consists of the sweep, which probes the ports, and of a
/// conversation with each open port, which identifies its service.
class scan_progress {
 public:
  void begin(steady_time now);
  /// Sets the number of scans that are known so far.
  void expect(std::size_t scans) { scans_ = scans; }
  /// Records the state of a running scan, as the server reports it.
  void note(const model::json& scan);
  /// Records a scan that has ended.
  void ended(const model::json& scan);

  [[nodiscard]] std::string line(steady_time now) const;

 private:
  struct state {
    std::string target;
    std::string status;
    double planned = 0;
    double done = 0;
    double open = 0;
    double identified = 0;  ///< of the open ports

    /// Returns the part of the probes and conversations that is done.
    [[nodiscard]] double part() const;
  };
  [[nodiscard]] static state state_of(const model::json& scan);
  [[nodiscard]] std::string line_of_one(const state& scan, double passed_s) const;

  std::size_t scans_ = 0;
  std::size_t ended_ = 0;
  steady_time begun_{};
  double probes_ = 0;  ///< probes of the scans that have ended
  double open_ = 0;
  std::map<std::string, state> under_way_;  ///< by scan id
};

}  // namespace sonde::client
