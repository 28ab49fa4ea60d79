#pragma once

#include "base/async/condition.hpp"
#include "base/async/stop_signal.hpp"
#include "model/scan/scan_task.hpp"
#include "scanner/scheduler/scheduler_context.hpp"
#include "scanner/scheduler/task_ledger.hpp"
#include "scanner/scheduler/task_run.hpp"

#include <optional>
#include <unordered_map>

namespace sonde::scanner {

/// Publishes the progress of runs on `scan.progress`, at most once a second for each run, and
/// records the cursors of long runs in their snapshots.
///
/// Progress is optional: what cannot be written is left out. Lives on the scheduler's loop.
class progress_publisher {
 public:
  progress_publisher(scheduler_context context, task_ledger& ledger);

  /// Adds a run, whose task stays loaded until `ended`.
  void begun(const model::scan_task& task, std::int32_t partition);
  /// Takes the progress of a run.
  void reached(const model::target_key& key, const run_progress& progress);
  /// Removes a run. Its last progress is part of the snapshot of its end.
  void ended(const model::target_key& key) { runs_.erase(key); }

  /// Publishes until `stop`.
  awaitable<void> publish();
  void stop();

 private:
  struct run {
    model::task_id id;
    std::int32_t partition = 0;
    std::optional<run_progress> news;  ///< not published yet
    steady_time saved_at{};            ///< when its cursors were last published
  };

  awaitable<void> publish_once();

  scheduler_context context_;
  task_ledger& ledger_;
  std::unordered_map<model::target_key, run> runs_;
  condition news_;
  stop_signal stop_;
};

}  // namespace sonde::scanner
