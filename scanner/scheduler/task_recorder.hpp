#pragma once

#include "model/scan/profile.hpp"
#include "scanner/scheduler/findings_publisher.hpp"
#include "scanner/scheduler/scheduler_context.hpp"
#include "scanner/scheduler/task_ledger.hpp"
#include "scanner/scheduler/task_run.hpp"
#include "scanner/scheduler/webhook_outbox.hpp"

#include <functional>
#include <memory>
#include <string>

namespace sonde::scanner {

/// Publishes the snapshots of a run: its start, and the end or the return of its task. All tasks
/// are loaded in the ledger. Lives on the scheduler's loop.
class task_recorder {
 public:
  using findings_pointer = std::shared_ptr<findings_publisher>;

  task_recorder(scheduler_context context, task_ledger& ledger, webhook_outbox& outbox,
                model::profile_book profiles);

  /// Publishes an attempt. Call before the first probe is sent, so that a target that crashes the
  /// engine is counted. Returns false if the partition is not owned any more.
  awaitable<bool> start(model::target_key key, std::int32_t partition);
  /// Publishes the last findings and the end of a run, then the next generation if one waits.
  awaitable<void> finish(model::target_key key, std::int32_t partition, findings_pointer found,
                         run_result reached);
  /// Ends a cancelled task. What was found is published like any other findings.
  awaitable<void> finish_cancelled(model::target_key key, std::int32_t partition,
                                   findings_pointer found, run_result reached);
  /// Ends a scan that cannot be done, for a reason that is not a fact about the target.
  awaitable<void> fail_task(model::target_key key, std::int32_t partition, std::string why);
  /// Begins the next generation of a task that has ended, if one waits.
  awaitable<void> promote(model::target_key key, std::int32_t partition);
  /// Queues the task again.
  awaitable<void> put_back(model::target_key key, std::int32_t partition, run_progress reached);
  /// Publishes a task again as it is, after a fenced owner has overwritten it. Loads the task
  /// itself. Returns false if there is no such task or the partition is not owned.
  awaitable<bool> rewrite(model::target_key key, std::int32_t partition);

 private:
  using change_function = std::function<model::scan_task(model::scan_task)>;

  awaitable<void> publish_end(model::target_key key, std::int32_t partition, change_function how);
  awaitable<bool> publish_change(model::target_key key, std::int32_t partition,
                                 change_function how);
  void note_end(const model::scan_task& task);

  scheduler_context context_;
  task_ledger& ledger_;
  webhook_outbox& outbox_;
  model::profile_book profiles_;
};

}  // namespace sonde::scanner
