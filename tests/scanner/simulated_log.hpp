#pragma once

#include "model/scan/scan_request.hpp"
#include "model/scan/scan_task.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace sonde::test {

/// Random numbers that depend only on the seed (splitmix64, Vigna 2015).
class dice {
 public:
  explicit dice(std::uint64_t seed) : state_(seed) {}

  /// A number below `sides`.
  std::uint64_t roll(std::uint64_t sides) {
    state_ += 0x9E3779B97F4A7C15;
    auto z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return (z ^ (z >> 31)) % sides;
  }
  bool chance(std::uint64_t percent) { return roll(100) < percent; }

 private:
  std::uint64_t state_;
};

using task_pointer = std::shared_ptr<const model::scan_task>;

/// A record of the simulated `scan.tasks`: a lease or a snapshot.
struct simulated_record {
  std::string owner;  ///< of a lease; empty for a snapshot
  task_pointer task;
};

/// One partition of the topics of a scheduler. An offset is an index.
struct simulated_log {
  std::vector<model::scan_request> requests;
  std::int64_t committed = 0;
  std::string member;  ///< the process to which the group has assigned the partition
  std::vector<simulated_record> tasks;
  /// The uninterrupted ownership to which a lease belongs, by its epoch; only leases that were
  /// held.
  std::map<std::uint64_t, std::string> terms;
  std::set<model::delivery_id> messages;  ///< of webhooks
  std::uint64_t ends = 0;                 ///< runs that came to an end; numbers their outcomes
};

}  // namespace sonde::test
