#pragma once

#include "tests/scanner/simulated_scheduler.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sonde::test {

/// Three scheduler processes, a consumer group and a log under random disturbances: rebalances with
/// late news, crashes with writes in flight, failed and unacknowledged writes, conflicts, and
/// cancellations. The seed decides everything.
class scheduler_simulation {
 public:
  explicit scheduler_simulation(std::uint64_t seed,
                                commit_rule rule = commit_rule::after_read_back);

  /// Disturbs the processes, then lets them come to rest. Returns the first violated invariant, or
  /// an empty text.
  [[nodiscard]] std::string run();
  [[nodiscard]] const simulated_log& log() const { return log_; }

 private:
  /// News of the group that a process has not taken yet.
  enum class group_event { assigned, revoked, lost };
  struct process {
    std::unique_ptr<simulated_scheduler> it;
    std::deque<group_event> events;
  };

  void disturb();
  void store_late_write();
  void act(process& one);
  void settle();
  bool settle_once();
  void post_request();
  void take_event(process& one);
  void rebalance();
  void crash(process& one);
  process& any_process();
  [[nodiscard]] std::unique_ptr<simulated_scheduler> start();
  [[nodiscard]] std::optional<model::scan_task> known_to_ingest(const model::scan_request& any);

  dice random_;
  commit_rule rule_;
  simulated_log log_;
  std::vector<process> processes_;
  std::size_t member_ = 0;
  std::deque<simulated_record> zombies_;  ///< writes of dead processes, still in flight
  int started_ = 0;
  steady_time now_{};
  std::size_t requests_left_;
};

/// Returns the first invariant that a log at rest violates, or an empty text: every accepted
/// generation has ended exactly once, no accepted request or webhook is lost, the last record of
/// each task is its newest state, and no record of a fenced owner after the owner's first lease is
/// the last one of its task.
[[nodiscard]] std::string violation_of(const simulated_log& log);

}  // namespace sonde::test
