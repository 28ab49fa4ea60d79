#include "ingest/scans/scan_json.hpp"

#include "model/scan/task_report.hpp"

namespace sonde::ingest {

model::json to_json(const views::found_task& found, model::task_state shown) {
  return model::task_report(found.task, *found.generation, shown);
}

model::json to_json(const views::listed_task& listed, model::task_state shown) {
  auto out = model::task_report(listed.task, listed.task.current, shown);
  if (!listed.ports) return out;
  out["profile"] = listed.ports->head;
  if (out.contains("ports")) out["ports"] = listed.ports->head;
  out["profile_sha256"] = listed.ports->sha256;
  if (listed.ports->ports > 0) out["profile_ports"] = listed.ports->ports;
  return out;
}

void leave_out_results(model::json& told, const model::scan_task& task) {
  if (told.erase("results") == 0) return;
  told.erase("truncated");
  told["results_total"] = task.results_total;
}

}  // namespace sonde::ingest
