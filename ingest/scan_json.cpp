#include "ingest/scan_json.hpp"

#include "model/task_report.hpp"

namespace sonde::ingest {
namespace {

using model::json;

json to_json(const views::related_entity& related) {
  return {{"id", related.id.str()},
          {"type", related.type},
          {"value", related.value},
          {"mode", name_of(related.mode)},
          {"direction", related.outgoing ? "to" : "from"},
          {"first_seen", to_rfc3339(related.first_seen)},
          {"last_seen", to_rfc3339(related.last_seen)},
          {"evidence", related.evidence}};
}

}  // namespace

json to_json(const views::found_task& found, model::task_state shown) {
  return model::task_report(found.task, *found.generation, shown);
}

json to_json(const views::entity_details& entity) {
  json out = {{"attributes",
               {{"id", entity.id.str()},
                {"type", entity.type},
                {"value", entity.value},
                {"first_seen", to_rfc3339(entity.first_seen)},
                {"last_seen", to_rfc3339(entity.last_seen)},
                {"tags", entity.tags}}},
              {"metadata", json::object()},
              {"latest_associations", json::array()},
              {"extended_metadata", json::array()}};
  for (const auto& [name, value] : entity.attributes.items()) {
    if (name != entity.type) out["metadata"][name] = value;
  }
  for (const auto& related : entity.related) {
    bool part = related.mode == model::association_mode::aggregation;
    out[part ? "extended_metadata" : "latest_associations"].push_back(to_json(related));
  }
  out["associations_total"] = entity.related_total;
  return out;
}

}  // namespace sonde::ingest
