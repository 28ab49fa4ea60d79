#include "ingest/scan_json.hpp"

#include "model/task_report.hpp"

namespace sonde::ingest {
model::json to_json(const views::found_task& found, model::task_state shown) {
  return model::task_report(found.task, *found.generation, shown);
}

}  // namespace sonde::ingest
