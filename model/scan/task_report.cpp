#include "model/scan/task_report.hpp"

#include "model/scan/profile.hpp"

namespace sonde::model {
namespace {

void put_times(json& out, const task_generation& generation) {
  out["requested"] = to_rfc3339(generation.requested);
  if (generation.started) out["started"] = to_rfc3339(*generation.started);
  if (generation.ended) out["ended"] = to_rfc3339(*generation.ended);
}

void put_outcome(json& out, const task_generation& generation) {
  if (!generation.outcome) return;
  out["outcome"] = {{"name", name_of(generation.outcome->kind)},
                    {"reason", generation.outcome->reason}};
}

json request_of(const request_result& request) {
  return {{"module", request.module},
          {"outcome", request.outcome},
          {"sent", request.sent},
          {"received", request.received},
          {"time_ms", request.time_ms}};
}

json row_of(const endpoint_result& row) {
  json out = {{"endpoint", row.endpoint}, {"state", "open"}, {"id", row.service.str()}};
  json service = {{"tls", row.tls}};
  auto put = [](json& object, const char* name, const std::string& value) {
    if (!value.empty()) object[name] = value;
  };
  put(service, "name", row.name);
  put(service, "product", row.product);
  put(service, "version", row.version);
  put(service, "confidence", row.confidence);
  out["service"] = std::move(service);
  put(out, "banner", row.banner);
  put(out, "detail", row.detail);
  for (const auto& request : row.requests)
    out["requests"].push_back(request_of(request));
  if (!row.certificate.empty()) {
    json certificate = {{"sha256", row.certificate},
                        {"id", entity_id_of("certificate", row.certificate).str()}};
    put(certificate, "subject", row.subject);
    put(certificate, "not-after", row.not_after);
    put(certificate, "not_after", row.not_after);
    if (row.self_signed) certificate["self-signed"] = true;
    out["certificate"] = std::move(certificate);
  }
  return out;
}

void put_results(json& out, const scan_task& task) {
  out["results"] = json::array();
  for (const auto& row : task.results)
    out["results"].push_back(row_of(row));
  if (task.results_total > task.results.size() || task.requests_omitted) {
    out["results_total"] = task.results_total;
    out["truncated"] = true;
  }
  for (const auto& one : task.past) {
    if (!one.closed) continue;
    out["closed"].push_back({{"endpoint", one.endpoint},
                             {"id", one.service.str()},
                             {"last_open", to_rfc3339(one.last_open)}});
  }
}

}  // namespace

json task_report(const scan_task& task, const task_generation& generation, task_state shown) {
  bool current = generation.number == task.current.number;
  json out = {{"id", generation.id.str()},
              {"status", name_of(shown)},
              {"target", task.target.text()},
              {"profile", task.profile},
              {"generation", generation.number}};
  if (!is_profile_name(task.profile)) out["ports"] = task.profile;
  if (current && task.depth) out["depth"] = name_of(*task.depth);
  put_times(out, generation);
  if (!current) {
    if (generation.number < task.current.number) out["superseded_by"] = task.current.id.str();
    put_outcome(out, generation);
    return out;
  }
  out["attempt"] = task.attempt;
  out["progress"] = {{"planned", task.progress.planned},
                     {"done", task.progress.done},
                     {"open", task.progress.open},
                     {"identified", task.progress.identified}};
  if (!is_terminal(shown)) {
    if (!task.cancelled_by.empty()) out["cancelling"] = true;
    return out;
  }
  put_outcome(out, generation);
  put_results(out, task);
  return out;
}

}  // namespace sonde::model
