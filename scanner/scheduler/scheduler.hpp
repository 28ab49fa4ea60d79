#pragma once

#include "base/async/task_group.hpp"
#include "model/scan/profile.hpp"
#include "scanner/engine/scan_runner.hpp"
#include "scanner/scheduler/partition_leases.hpp"
#include "scanner/scheduler/progress_publisher.hpp"
#include "scanner/scheduler/ready_tasks.hpp"
#include "scanner/scheduler/request_intake.hpp"
#include "scanner/scheduler/scheduler_context.hpp"
#include "scanner/scheduler/task_dispatcher.hpp"
#include "scanner/scheduler/task_ledger.hpp"
#include "scanner/scheduler/task_recorder.hpp"
#include "scanner/scheduler/webhook_outbox.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace sonde::scanner {

struct scheduler_settings {
  std::string process_id;  ///< different at each start
  std::size_t addresses_per_name = 8;
  /// Time limit for the group to revoke a partition that another process has leased. A fenced owner
  /// learns within this time that it is fenced.
  std::chrono::milliseconds lease_patience = std::chrono::seconds(5);
};

/// Reads scan requests from their topic, schedules tasks and publishes their results.
///
/// It is the only writer of tasks in each partition that it owns. It takes the lease of the
/// partition, then folds requests in order, publishes each task's snapshot, and only then commits
/// the request. Tasks that a former owner left unfinished run again. This class connects the parts:
/// `partition_leases` decides which partitions are owned, `request_intake` folds requests,
/// `task_dispatcher` runs tasks, and `task_ledger` holds the tasks that change. Lives on one loop;
/// probes run on the loops of the runner.
class scheduler {
 public:
  scheduler(scheduler_context context, scan_runner& runner, std::shared_ptr<const policy> rules,
            model::profile_book profiles, const scheduler_settings& settings);
  ~scheduler();

  /// Starts the scheduler. Call on the loop, or before it runs.
  void start();
  /// Stops the intake. Running tasks may end until `deadline`, then they are put back. Call on the
  /// loop.
  awaitable<void> stop(steady_time deadline);
  /// Changes the policy. Call from any loop.
  void set_policy(std::shared_ptr<const policy> rules);

 private:
  [[nodiscard]] lease_listener lease_events();
  awaitable<void> consume();
  awaitable<void> on_assigned(std::vector<std::int32_t> partitions);
  awaitable<void> on_revoked(std::vector<std::int32_t> partitions, revocation how);
  awaitable<void> on_held(std::int32_t partition, std::uint64_t epoch);
  awaitable<void> on_released(std::vector<std::int32_t> partitions);
  awaitable<void> on_overwritten(std::int32_t partition, model::target_key key);
  void on_folded(const model::scan_task& task, std::int32_t partition);
  void look_around();

  scheduler_context context_;
  scan_runner& runner_;
  task_ledger ledger_;
  partition_leases leases_;
  webhook_outbox outbox_;
  progress_publisher progress_;
  task_recorder recorder_;
  ready_tasks ready_;
  task_dispatcher dispatcher_;
  request_intake intake_;
  task_group loops_;
};

}  // namespace sonde::scanner
