#pragma once

#include "base/limits.hpp"
#include "model/observation.hpp"
#include "model/scan_task.hpp"
#include "scanner/engine/engine_pool.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace sonde::scanner {

/// How far a task has come, all its addresses together.
struct run_progress {
  model::task_progress progress;
  std::map<std::string, model::sweep_cursor> cursors;  ///< by address
};

/// What one run of a task brought, beside what it handed to its supervisor. Not `complete`: it was
/// cancelled, `progress` says from where to go on, and `observed` has no outcome.
struct run_result {
  bool complete = false;
  model::scan_observation observed;        ///< no addresses: these were handed over
  std::vector<model::ip_address> settled;  ///< each of their ports has a verdict
  scan_budget::counts left_out;
  run_progress progress;
};

/// Who looks after a run. Called on the scheduler's loop.
struct run_supervisor {
  std::function<void(const run_progress&)> progress;
  /// Whether it was cancelled before it had any scan that `engine_pool::cancel` could end.
  std::function<bool()> cancelled;
  /// Takes a part of what was found. `published`, where there is one, is to be called once the part
  /// is not held any more: until then little else is found.
  std::function<void(model::scan_observation, std::function<void()> published)> found;
};

/// One run of one task: resolves its target, scans every address on the engine that it belongs to,
/// and says how it ended.
///
/// Runs on the scheduler's loop. Ends by the task's time limit, or soon after it was cancelled,
/// here and at the engines.
awaitable<run_result> run_task(engine_pool& engines, std::shared_ptr<const policy> rules,
                               model::scan_task task, model::port_set ports,
                               std::size_t addresses_per_name, const limits& limits,
                               const clock& clock, logger& log, run_supervisor supervisor);

}  // namespace sonde::scanner
