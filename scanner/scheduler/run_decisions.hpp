#pragma once

#include "model/scan/scan_task.hpp"

#include <cstdint>

/// The decisions of the dispatcher about one run of a task, without I/O.
namespace sonde::scanner {

/// The first step of a run.
enum class run_start {
  nothing,    ///< the task has ended already, or another process owns it
  promote,    ///< the task has ended, and its next generation waits: begin that one
  cancelled,  ///< end the task as cancelled, without an attempt
  give_up,    ///< end the task: too many starts in a row without progress
  attempt,    ///< publish the attempt, then probe
};

/// The last step of a run.
enum class run_end {
  nothing,    ///< another process owns the task
  finish,     ///< publish the outcome
  cancelled,  ///< publish what was found, and end the task as cancelled
  put_back,   ///< queue the task again with its cursors
};

/// The ownership of the task's partition at the time of a decision.
enum class ownership { ours, lost };
/// The result of a run: every port has a verdict, or the run was interrupted.
enum class completeness { complete, interrupted };

/// `task`: null if there is none.
[[nodiscard]] run_start start_of(const model::scan_task* task, ownership whose,
                                 std::uint32_t most_attempts);
[[nodiscard]] run_end end_of(const model::scan_task& task, ownership whose, completeness reached);

}  // namespace sonde::scanner
