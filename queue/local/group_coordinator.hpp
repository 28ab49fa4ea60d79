#pragma once

#include "queue/local/layout.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace sonde::queue::local {

/// Shares the logs of one topic among the members of one consumer group, the eager way of Kafka:
/// whenever a member comes or goes, everybody gives back what it has, and when the last one has,
/// the logs are dealt out anew.
///
/// A state machine without I/O. Members ask `poll` what is new. A call that may have made news for
/// the other members counts `changes` up: only then are they worth waking. Lives on one thread.
class group_coordinator {
 public:
  using member_id = std::uint64_t;

  enum class news {
    nothing,   ///< go on with what you have
    wait,      ///< you have nothing; others are still giving back
    assigned,  ///< `owned` is new
    revoked,   ///< `owned` is to be given back: the next poll says that it has been
  };

  explicit group_coordinator(std::vector<log_index> logs) : logs_(std::move(logs)) {}

  member_id join();
  void leave(member_id member);

  [[nodiscard]] news poll(member_id member);
  [[nodiscard]] std::uint64_t changes() const { return changes_; }
  [[nodiscard]] const std::vector<log_index>& owned(member_id member) const;
  /// Whether the member may still commit this log: it owns it, or is giving it back.
  [[nodiscard]] bool owns(member_id member, log_index log) const;
  [[nodiscard]] bool empty() const { return members_.empty(); }

 private:
  enum class phase { empty_handed, told_to_release, releasing, newly_assigned, settled };
  struct membership {
    phase state = phase::empty_handed;
    std::vector<log_index> owned;
  };

  void rebalance();
  void deal_if_all_released();

  std::vector<log_index> logs_;
  std::map<member_id, membership> members_;
  member_id next_member_ = 1;
  std::uint64_t changes_ = 0;
};

}  // namespace sonde::queue::local
