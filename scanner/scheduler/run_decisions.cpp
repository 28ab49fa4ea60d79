#include "scanner/scheduler/run_decisions.hpp"

namespace sonde::scanner {

run_start start_of(const model::scan_task* task, ownership whose, std::uint32_t most_attempts) {
  if (task == nullptr || whose == ownership::lost) return run_start::nothing;
  if (model::is_terminal(task->current.state)) {
    return task->next ? run_start::promote : run_start::nothing;
  }
  if (!task->cancelled_by.empty()) return run_start::cancelled;
  return task->stalled >= most_attempts ? run_start::give_up : run_start::attempt;
}

run_end end_of(const model::scan_task& task, ownership whose, completeness reached) {
  if (whose == ownership::lost) return run_end::nothing;
  if (reached == completeness::complete) return run_end::finish;
  return task.cancelled_by.empty() ? run_end::put_back : run_end::cancelled;
}

}  // namespace sonde::scanner
