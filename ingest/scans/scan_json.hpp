#pragma once

#include "model/text/json.hpp"
#include "views/task_view.hpp"

namespace sonde::ingest {

/// Response of `GET /scan/{id}`. `shown`: the state to show, which is `running` until all findings
/// of an ended scan can be read.
[[nodiscard]] model::json to_json(const views::found_task& found, model::task_state shown);

/// The same for an entry of a list: a long list of ports is truncated, with the number of its ports
/// and the SHA-256 of its text.
[[nodiscard]] model::json to_json(const views::listed_task& listed, model::task_state shown);

/// Replaces the results by their number, for an entry of a list.
void leave_out_results(model::json& told, const model::scan_task& task);

}  // namespace sonde::ingest
