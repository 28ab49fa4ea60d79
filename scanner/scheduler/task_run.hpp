#pragma once

#include "model/scan/observation.hpp"
#include "model/scan/scan_task.hpp"
#include "scanner/engine/scan_runner.hpp"
#include "scanner/scheduler/scheduler_context.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace sonde::scanner {

/// The progress of a task over all its addresses.
struct run_progress {
  model::task_progress progress;
  std::map<std::string, model::sweep_cursor> cursors;  ///< by address
};

/// The result of one run of a task, without what was passed to its supervisor. Not `complete`: it
/// was cancelled, `progress` contains the resume position, and `observed` has no outcome.
struct run_result {
  bool complete = false;
  model::scan_observation observed;        ///< without addresses: these were passed on
  std::vector<model::ip_address> settled;  ///< all their ports have a verdict
  scan_budget::counts left_out;
  run_progress progress;
};

/// The callbacks of a run. Called on the scheduler's loop.
struct run_supervisor {
  std::function<void(const run_progress&)> progress;
  /// Tells whether the run was cancelled before it had a scan that `scan_runner::cancel` could end.
  std::function<bool()> cancelled;
  /// Takes a part of the findings. `published`, if set, must be called when the part is released.
  /// Until then the bytes of the part count against `scan_unpublished_bytes`.
  std::function<void(model::scan_observation, std::function<void()> published)> found;
};

/// The task of one run and the rules for it.
struct run_order {
  model::scan_task task;
  model::port_set ports;  ///< of the task's profile
  std::shared_ptr<const policy> rules;
  std::size_t addresses_per_name = 8;
};

/// Executes one run of a task: resolves its target, scans every address and returns the result.
///
/// Runs on the scheduler's loop. Ends at the task's time limit, or soon after it was cancelled here
/// and at the runner.
awaitable<run_result> run_task(scan_runner& runner, scheduler_context context, run_order order,
                               run_supervisor supervisor);

}  // namespace sonde::scanner
