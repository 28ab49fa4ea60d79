#pragma once

#include "base/async/condition.hpp"
#include "base/async/stop_signal.hpp"
#include "base/async/task_group.hpp"
#include "base/metrics.hpp"
#include "model/scan/profile.hpp"
#include "scanner/engine/scan_runner.hpp"
#include "scanner/scheduler/findings_publisher.hpp"
#include "scanner/scheduler/known_ports.hpp"
#include "scanner/scheduler/progress_publisher.hpp"
#include "scanner/scheduler/ready_tasks.hpp"
#include "scanner/scheduler/run_decisions.hpp"
#include "scanner/scheduler/scheduler_context.hpp"
#include "scanner/scheduler/task_ledger.hpp"
#include "scanner/scheduler/task_recorder.hpp"
#include "scanner/scheduler/task_run.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace sonde::scanner {

/// The rules by which tasks are run.
struct dispatch_rules {
  std::shared_ptr<const policy> addresses;
  model::profile_book profiles;
  std::size_t addresses_per_name = 8;
};

/// The parts of the scheduler that a dispatcher uses. They outlive it.
struct dispatch_parts {
  task_ledger& ledger;
  ready_tasks& ready;
  task_recorder& recorder;
  progress_publisher& progress;
};

/// Runs ready tasks, as many at a time as the limit allows, and cancels runs.
///
/// A run belongs to a partition. It is cancelled when the partition is released. Lives on the
/// scheduler's loop; probes run on the loops of the runner.
class task_dispatcher {
 public:
  task_dispatcher(scheduler_context context, scan_runner& runner, dispatch_parts parts,
                  dispatch_rules rules);

  /// Starts runs until `stop_starting`.
  awaitable<void> dispatch();
  /// Takes a task whose snapshot has just been published: queues it, or cancels its run.
  void take(const model::scan_task& task, std::int32_t partition);
  /// Reports that the view may contain tasks that wait.
  void look_around();
  void set_policy(std::shared_ptr<const policy> rules) { rules_.addresses = std::move(rules); }

  /// Starts no run in these partitions until `resume`. Runs in progress continue.
  void suspend(const std::vector<std::int32_t>& partitions) { parts_.ready.suspend(partitions); }
  /// Starts runs in this partition again. `look_around` finds its waiting tasks.
  void resume(std::int32_t partition) { parts_.ready.resume(partition); }
  /// Suspends the partitions, cancels their runs, and returns when the runs have ended.
  awaitable<void> release(std::vector<std::int32_t> partitions);

  /// Starts no more runs. From now on, findings that cannot be written are not retried.
  void stop_starting();
  /// Waits for the runs until `deadline`, then puts them back. Returns when none is left.
  awaitable<void> drain(steady_time deadline);

 private:
  struct running_task {
    model::task_id id;
    std::int32_t partition = 0;
    std::string visibility;  ///< the tenant whose turn it was
    bool cancelled = false;
    std::shared_ptr<findings_publisher> found;
  };
  using findings_pointer = std::shared_ptr<findings_publisher>;

  void start_tasks();
  awaitable<void> run(model::target_key key, std::int32_t partition);
  awaitable<void> attempt(model::target_key key, std::int32_t partition);
  awaitable<run_result> probe(model::target_key key, std::int32_t partition, findings_pointer found,
                              model::port_set ports);
  void cancel(running_task& task);
  void on_cancelled(const model::scan_task& task);
  [[nodiscard]] findings_pointer publisher_for(const model::scan_task& task,
                                               std::int32_t partition);
  [[nodiscard]] ownership owner_of(std::int32_t partition) const;
  [[nodiscard]] ready_tasks::running_tasks running_tasks() const;

  scheduler_context context_;
  scan_runner& runner_;
  dispatch_parts parts_;
  dispatch_rules rules_;
  counter started_;
  counter retried_;
  gauge running_now_;
  std::unordered_map<model::target_key, running_task> running_;
  known_ports ports_;
  condition work_;  ///< something can be dispatched
  condition run_ended_;
  task_group runs_;
  stop_signal stop_;
};

}  // namespace sonde::scanner
