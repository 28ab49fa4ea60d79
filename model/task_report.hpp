#pragma once

#include "model/json.hpp"
#include "model/scan_task.hpp"

namespace sonde::model {

/// One scan as clients see it: what `GET /scan/{id}` answers and what a webhook is sent. `shown`:
/// the state as it may be told; results stand only in the current generation's.
[[nodiscard]] json task_report(const scan_task& task, const task_generation& generation,
                               task_state shown);

}  // namespace sonde::model
