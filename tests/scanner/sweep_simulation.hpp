#pragma once

#include "scanner/engine/sweep.hpp"

#include <functional>
#include <map>
#include <set>
#include <vector>

/// A sweep without a network.
namespace sonde::test {

using scanner::probe;
using scanner::sweep;
using scanner::verdict;
using port_list = std::set<std::uint16_t>;

/// The answer of a port to its n-th probe, counted from 1. A canary is the 0th.
using host_model = std::function<verdict(std::uint16_t port, int time)>;

/// A sweep and the host that it probes.
class simulation {
 public:
  simulation(model::port_set ports, host_model host, const model::sweep_cursor& from = {},
             std::uint64_t seed = 7)
      : swept(std::move(ports), seed, from), host_(std::move(host)) {}

  /// Sends at most `most` probes and gives at most as many answers, in an order that `random`
  /// decides.
  void step(std::size_t most, std::uint64_t& random);
  /// Runs the sweep to its end. Returns false if it does not end.
  bool run(std::uint64_t random = 1, std::size_t window = 64);

  sweep swept;
  std::map<std::uint16_t, int> asks;
  port_list canaries;
  std::vector<std::uint16_t> conversations;

 private:
  void answer_one(std::uint64_t& random);

  host_model host_;
  std::vector<probe> in_flight_;
};

[[nodiscard]] host_model listening_on(port_list open, verdict otherwise = verdict::closed);
[[nodiscard]] model::port_set ports(const char* text);
[[nodiscard]] port_list as_set(const std::vector<std::uint16_t>& list);
/// The highest number of probes to one port.
[[nodiscard]] int asked_at_most(const simulation& s);

}  // namespace sonde::test
