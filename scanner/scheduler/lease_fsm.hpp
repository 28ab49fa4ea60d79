#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace sonde::scanner {

/// Returns the epoch of a lease at this offset, which is greater than that of any task without an
/// owner.
[[nodiscard]] inline std::uint64_t epoch_at(std::int64_t offset) {
  return static_cast<std::uint64_t>(offset) + 1;
}

/// The next step of the process after an event of a lease.
enum class lease_action {
  none,
  acquire,  ///< publish a lease, then report `lease_published` or `lease_failed`
  fold,     ///< wait until the view shows everything before `catch_up_offset()`, then `caught_up`
  hold,     ///< write with the epoch `epoch()` from now on
  release,  ///< end the runs of the partition and write nothing more there
  rewrite,  ///< publish the task again that a fenced owner has overwritten
  rewrite_after_hold,  ///< the same, after the next `hold`
};

[[nodiscard]] std::string_view name_of(lease_action what);

/// The way in which the consumer group takes a partition away.
enum class revocation {
  announced,  ///< the partition may come back; the lease stays until another process takes it
  lost,       ///< another process has the partition already
};

/// The ownership of one partition of `scan.tasks` by this process, as a state machine.
///
/// The consumer group assigns a partition; a lease record on the partition makes the assigned
/// process its owner. The offset of the record orders the owners and is the epoch of everything
/// that the owner writes. A later lease of another process ends the ownership. If the group has
/// assigned the partition to this process nevertheless, that is a lease conflict: the other process
/// is a fenced owner or about to be assigned. The conflict ends with a new lease after `patience`,
/// within which the other process learns of its state.
///
/// Events enter by the functions, in any order that a log and a consumer group can produce. Each
/// returns the action to perform. Pure: it reads no clock and performs nothing itself.
class lease_fsm {
 public:
  lease_fsm(std::string process_id, std::chrono::milliseconds patience)
      : process_id_(std::move(process_id)), patience_(patience) {}

  /// Handles an assignment, also a repeated one: every member takes its leases again when a member
  /// joins or leaves.
  [[nodiscard]] lease_action assigned();
  [[nodiscard]] lease_action revoked(revocation how);
  /// Handles the acknowledgement of a lease record of this process.
  [[nodiscard]] lease_action lease_published(std::int64_t offset, steady_time now);
  /// Handles a permanent error in writing a lease record.
  [[nodiscard]] lease_action lease_failed(steady_time now);
  /// Handles a lease record that was read from the topic.
  [[nodiscard]] lease_action lease_seen(std::int64_t offset, const std::string& owner,
                                        steady_time now);
  /// Reports that the view shows everything up to this offset.
  [[nodiscard]] lease_action caught_up(std::int64_t offset);
  /// Handles a snapshot that was read from the topic, in the order of the records. A record of a
  /// fenced owner may be the only one of its task that compaction keeps.
  [[nodiscard]] lease_action write_seen(std::uint64_t epoch) const;
  /// Takes the lease again if a conflict has lasted for `patience`.
  [[nodiscard]] lease_action tick(steady_time now);

  [[nodiscard]] bool is_assigned() const { return assigned_; }
  /// Tells whether this process may write.
  [[nodiscard]] bool holds() const { return epoch_.has_value(); }
  /// Tells whether the group and the leases name different owners.
  [[nodiscard]] bool in_conflict() const { return conflict_since_.has_value(); }
  /// Tells whether a lease is being acquired.
  [[nodiscard]] bool is_acquiring() const { return publishing_ > 0 || published_ || catching_up_; }
  /// Returns the epoch of the lease that is held.
  [[nodiscard]] std::uint64_t epoch() const { return epoch_.value_or(0); }
  [[nodiscard]] std::int64_t catch_up_offset() const { return catching_up_.value_or(-1); }
  /// Returns the process that has published the newest lease. Empty if there is none.
  [[nodiscard]] const std::string& latest_owner() const { return latest_owner_; }

 private:
  lease_action read_back(steady_time now);
  lease_action lose(steady_time now);

  std::string process_id_;
  std::chrono::milliseconds patience_;
  bool assigned_ = false;
  std::optional<std::uint64_t> epoch_;         ///< of the lease that is held
  std::optional<steady_time> conflict_since_;  ///< set until the lease is held again
  int publishing_ = 0;                         ///< own lease records without an acknowledgement
  std::optional<std::int64_t> published_;      ///< own lease that was not read back yet
  std::optional<std::int64_t> catching_up_;    ///< own lease that waits for the view
  std::string latest_owner_;                   ///< of the newest lease on the topic
  std::int64_t latest_offset_ = -1;
};

}  // namespace sonde::scanner
