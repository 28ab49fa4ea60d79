#include "ingest/scan_json.hpp"

#include "model/task_report.hpp"

namespace sonde::ingest {

model::json to_json(const views::found_task& found, model::task_state shown) {
  return model::task_report(found.task, *found.generation, shown);
}

void leave_out_results(model::json& told, const model::scan_task& task) {
  if (told.erase("results") == 0) return;
  told.erase("truncated");
  told["results_total"] = task.results_total;
}

}  // namespace sonde::ingest
