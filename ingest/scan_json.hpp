#pragma once

#include "model/json.hpp"
#include "views/task_view.hpp"

namespace sonde::ingest {

/// What `GET /scan/{id}` answers. `shown`: the state as it may be told, which is `running` until
/// everything that an ended scan found can be read.
[[nodiscard]] model::json to_json(const views::found_task& found, model::task_state shown);

}  // namespace sonde::ingest
