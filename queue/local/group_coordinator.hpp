#pragma once

#include "queue/local/layout.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace sonde::queue::local {

/// Assigns the logs of one topic to the members of one consumer group by Kafka's eager protocol.
/// When a member joins or leaves, every member releases its logs. When the last member has released
/// them, all logs are assigned again.
///
/// A state machine without I/O. Members call `poll` to learn about changes. A call that may affect
/// other members increments `changes`; the caller wakes them only then. Lives on one thread.
class group_coordinator {
 public:
  using member_id = std::uint64_t;

  enum class news {
    nothing,   ///< no change; continue
    wait,      ///< the member owns no logs; others are still releasing theirs
    assigned,  ///< `owned` is new
    revoked,   ///< the member must release `owned`; its next poll confirms the release
  };

  explicit group_coordinator(std::vector<log_index> logs) : logs_(std::move(logs)) {}

  member_id join();
  void leave(member_id member);

  [[nodiscard]] news poll(member_id member);
  [[nodiscard]] std::uint64_t changes() const { return changes_; }
  [[nodiscard]] const std::vector<log_index>& owned(member_id member) const;
  /// Returns whether the member may still commit this log: it owns the log, or is releasing it.
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
