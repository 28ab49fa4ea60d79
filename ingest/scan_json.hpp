#pragma once

#include "model/json.hpp"
#include "views/task_view.hpp"

namespace sonde::ingest {

/// What `GET /scan/{id}` answers. `shown`: the state as it may be told, which is `running` until
/// everything that an ended scan found can be read.
[[nodiscard]] model::json to_json(const views::found_task& found, model::task_state shown);

/// The same as it stands in a list: a long list of ports is cut, with the number of its ports and
/// the SHA-256 of its text.
[[nodiscard]] model::json to_json(const views::listed_task& listed, model::task_state shown);

/// In a list of many: of its results only how many there are.
void leave_out_results(model::json& told, const model::scan_task& task);

}  // namespace sonde::ingest
