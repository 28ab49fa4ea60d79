#pragma once

#include "base/async/condition.hpp"
#include "base/async/stop_signal.hpp"
#include "base/async/task_group.hpp"
#include "model/ids.hpp"
#include "queue/io.hpp"
#include "scanner/scheduler/lease_fsm.hpp"
#include "scanner/scheduler/scheduler_context.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sonde::scanner {

struct lease_settings {
  std::string process_id;  ///< different at each start
  /// Duration of a lease conflict before the partition is leased again.
  std::chrono::milliseconds patience = std::chrono::seconds(5);
};

/// The callbacks of `partition_leases`, on the scheduler's loop.
struct lease_listener {
  /// The process owns the partition with this epoch. The view shows everything that former owners
  /// have written before the lease.
  std::function<awaitable<void>(std::int32_t partition, std::uint64_t epoch)> held;
  /// The process owns these partitions no more. Returns when their runs have ended.
  std::function<awaitable<void>(std::vector<std::int32_t> partitions)> released;
  /// A fenced owner has overwritten a task. The task must be published again.
  std::function<awaitable<void>(std::int32_t partition, model::target_key key)> overwritten;
  /// The number of processes that own partitions has changed. Every member of the group takes its
  /// leases again when a member joins or leaves, so each sees the leases of all.
  std::function<void(std::size_t owners)> counted = nullptr;
};

/// The leases on the partitions of `scan.tasks`: performs the actions of one `lease_fsm` for each
/// partition.
///
/// Reads all records of the topic, as leases and late writes of fenced owners are among them. Lives
/// on the scheduler's loop.
class partition_leases {
 public:
  partition_leases(scheduler_context context, lease_settings settings, lease_listener listener);

  /// Reads the topic until `stop`. Runs before the first `assigned`.
  awaitable<void> watch();
  /// Ends lease conflicts that have lasted too long, until `stop`.
  awaitable<void> settle_conflicts();
  /// Treats all partitions as revoked, as this process is about to leave the group: takes no lease
  /// again, and keeps those that it has until `stop`.
  void leave();
  void stop();
  /// Cancels and awaits all acquisitions. Call after `stop`.
  awaitable<void> join();

  /// Takes the leases of the partitions, which are all that the group assigns to the process.
  /// Returns when each one is held or in conflict.
  awaitable<void> assigned(std::vector<std::int32_t> partitions);
  awaitable<void> revoked(std::vector<std::int32_t> partitions, revocation how);

  /// Returns true when the topic has been read up to this record, and false after `stop`. If this
  /// process owns the partition then and has not lost it meanwhile, it owned it when the record was
  /// stored.
  awaitable<bool> wait_until_read(queue::position place);
  [[nodiscard]] bool is_assigned(std::int32_t partition) const;
  /// Tells whether the group has assigned the partition, but another process has leased it.
  [[nodiscard]] bool in_conflict(std::int32_t partition) const;

 private:
  lease_fsm& of(std::int32_t partition);
  awaitable<void> perform(std::int32_t partition, lease_action what);
  awaitable<void> acquire(std::int32_t partition);
  awaitable<void> catch_up(std::int32_t partition, std::int64_t offset);
  awaitable<void> hold(std::int32_t partition);
  awaitable<void> rewrite_overwritten(std::int32_t partition);
  awaitable<void> release(std::vector<std::int32_t> partitions);
  awaitable<void> take_all(std::vector<queue::stored_record> batch);
  awaitable<void> take_lease(queue::stored_record record);
  awaitable<void> take_snapshot(queue::stored_record record);
  awaitable<void> rewrite(queue::position place, std::string key);
  void notify(std::int32_t partition);
  void count_owners();

  scheduler_context context_;
  lease_settings settings_;
  lease_listener listener_;
  std::unique_ptr<queue::reader> reader_;
  std::map<std::int32_t, lease_fsm> fsms_;
  /// Tasks that a fenced owner has overwritten during an acquisition, with the offset of its
  /// record.
  std::map<std::int32_t, std::map<std::string, std::int64_t>> overwritten_;
  std::size_t owners_ = 1;
  std::map<std::int32_t, std::int64_t> read_;  ///< offset of the last record that was read
  condition read_on_;
  condition changed_;  ///< the state of an acquisition has changed
  condition conflict_;
  task_group acquisitions_;
  stop_signal stop_;
};

}  // namespace sonde::scanner
