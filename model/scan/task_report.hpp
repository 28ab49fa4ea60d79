#pragma once

#include "model/scan/scan_task.hpp"
#include "model/text/json.hpp"

namespace sonde::model {

/// Returns one scan as clients see it: the response to `GET /scan/{id}` and the content of a
/// webhook message. `shown`: the state to report. Only the current generation has results.
[[nodiscard]] json task_report(const scan_task& task, const task_generation& generation,
                               task_state shown);

}  // namespace sonde::model
