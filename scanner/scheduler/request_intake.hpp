#pragma once

#include "base/async/condition.hpp"
#include "base/async/stop_signal.hpp"
#include "model/scan/scan_task.hpp"
#include "queue/consume.hpp"
#include "scanner/scheduler/partition_leases.hpp"
#include "scanner/scheduler/scheduler_context.hpp"
#include "scanner/scheduler/task_ledger.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sonde::scanner {

/// The consumer group that reads scan requests from their topic.
inline constexpr const char* scanner_group = "scanner";

/// Consumes `scan.requests`: folds the requests of a partition in order into tasks, publishes the
/// snapshots, and only then commits the requests.
///
/// A request that cannot be read becomes a dead letter. During a lease conflict the requests of the
/// partition are held back. Lives on the scheduler's loop.
class request_intake {
 public:
  /// Called with a task whose snapshot with new requests has been published.
  using folded_function = std::function<void(const model::scan_task&, std::int32_t partition)>;
  /// Called with a change of the assignment. The intake continues after its return.
  using assigned_function = std::function<awaitable<void>(std::vector<std::int32_t>)>;
  using revoked_function = std::function<awaitable<void>(std::vector<std::int32_t>, revocation)>;

  request_intake(scheduler_context context, task_ledger& ledger, partition_leases& leases,
                 folded_function folded);

  /// Joins the group. Call on the loop, or before it runs.
  void join_group();
  /// Consumes until `stop`. Returns a permanent error.
  awaitable<result<>> consume(assigned_function assigned, revoked_function revoked);
  void stop();

  /// Folds the requests that were held back in this partition. Call when its conflict has ended.
  awaitable<void> fold_held_back(std::int32_t partition);
  /// Drops what was held back; the group delivers it again.
  void forget_held_back(const std::vector<std::int32_t>& partitions);
  void forget_all_held_back();

 private:
  using stored_records = std::vector<queue::stored_record>;
  using shared_records = std::shared_ptr<const stored_records>;

  awaitable<void> fold(stored_records records);
  awaitable<void> fold_assigned(std::int32_t partition, shared_records records);
  awaitable<bool> fold_partition(std::int32_t partition, shared_records records);
  awaitable<bool> fold_one(queue::stored_record one, std::vector<model::target_key>& changed);
  awaitable<void> hold_back(std::int32_t partition, shared_records records);
  awaitable<void> commit(shared_records records);
  awaitable<std::optional<model::scan_request>> refused_request(queue::stored_record one,
                                                                std::string why);
  awaitable<bool> dead_letter(queue::stored_record record, std::string stage, std::string why);

  scheduler_context context_;
  task_ledger& ledger_;
  partition_leases& leases_;
  folded_function folded_;
  std::unique_ptr<queue::consumer> consumer_;
  /// Requests that wait for the end of a conflict. An entry exists until its requests are folded.
  std::map<std::int32_t, stored_records> held_back_;
  std::set<std::int32_t> folding_;  ///< partitions whose held-back requests are being folded
  condition room_;                  ///< requests are no longer held back
  stop_signal stop_;
};

}  // namespace sonde::scanner
