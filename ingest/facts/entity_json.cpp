#include "ingest/facts/entity_json.hpp"

#include "model/facts/definitions.hpp"

#include <array>
#include <optional>

namespace sonde::ingest {
namespace {

using model::json;

/// Returns the published name of a score.
std::string_view reputation_word(int score) {
  if (score <= -2) return "malicious";
  if (score == -1) return "suspicious";
  if (score == 0) return "neutral";
  return score == 1 ? "likely benign" : "benign";
}

std::string_view accuracy_word(int score) {
  constexpr std::array<std::string_view, 4> words = {"none", "low", "medium", "high"};
  return words.at(static_cast<std::size_t>(score));
}

/// Returns a main value in the JSON type in which it was submitted.
json value_of(const views::entity_facts& facts) {
  auto found = facts.attributes.find(facts.what.type);
  return found == facts.attributes.end() ? json(facts.what.value) : *found;
}

void put_times(json& out, wall_time first_seen, wall_time last_seen) {
  out["first_seen"] = to_rfc3339(first_seen);
  out["last_seen"] = to_rfc3339(last_seen);
}

/// Adds the state of a port and the time of the newest scan.
void put_verdict(json& out, const std::optional<port_verdicts::verdict>& verdict) {
  if (!verdict) return;
  out["state"] = verdict->open ? "open" : "closed";
  out["last_scanned"] = to_rfc3339(verdict->scanned);
}

json attributes_of(const views::entity_facts& facts) {
  const auto& what = facts.what;
  const auto& reputation = what.reputation;
  const auto* known = model::find_definition(what.type);
  json out = {{"id", what.id.str()},
              {"type", what.type},
              {"value", value_of(facts)},
              {"label", what.value},
              {"description", known == nullptr ? "" : known->description},
              {"reputation", reputation_word(reputation.average)},
              {"reputation_score", reputation.average},
              {"best_reputation", reputation_word(reputation.best)},
              {"best_reputation_score", reputation.best},
              {"worst_reputation", reputation_word(reputation.worst)},
              {"worst_reputation_score", reputation.worst},
              {"accuracy", accuracy_word(reputation.accuracy)},
              {"accuracy_score", reputation.accuracy},
              {"tags", facts.tags}};
  put_times(out, what.first_seen, what.last_seen);
  return out;
}

/// Returns the location that the entity's own attributes contain.
json geolocations_of(const json& attributes) {
  auto out = json::array();
  if (!attributes.contains("latitude") || !attributes.contains("longitude")) return out;
  json place = json::object();
  for (const char* name : {"latitude", "longitude", "accuracy-radius", "country", "city"}) {
    if (auto found = attributes.find(name); found != attributes.end()) place[name] = *found;
  }
  out.push_back(std::move(place));
  return out;
}

/// `of`: the entity that this one is related to.
json to_json(const views::related_entity& related, const views::entity_summary& of,
             const port_verdicts& ports) {
  const auto& reputation = related.what.reputation;
  json out = {{"id", related.what.id.str()},
              {"type", related.what.type},
              {"value", related.what.value},
              {"reputation", reputation_word(reputation.average)},
              {"reputation_score", reputation.average},
              {"accuracy", accuracy_word(reputation.accuracy)},
              {"accuracy_score", reputation.accuracy},
              {"mode", name_of(related.mode)},
              {"direction", related.outgoing ? "to" : "from"}};
  if (!related.evidence.is_null()) out["evidence"] = related.evidence;
  put_times(out, related.first_seen, related.last_seen);
  if (related.what.type == "service") put_verdict(out, ports.of_service(related.what));
  if (of.type == "ip" && related.what.type == "port") {
    put_verdict(out, ports.of_port(of.value, related.what.value, related.last_seen));
  }
  return out;
}

json to_json(const views::entity_facts& node, const port_verdicts& ports) {
  const auto& reputation = node.what.reputation;
  auto last_seen = to_rfc3339(node.what.last_seen);
  json out = {{"id", node.what.id.str()},
              {"type", node.what.type},
              {"@timestamp", last_seen},
              {"reputation", reputation.average},
              {"bestReputation", reputation.best},
              {"worstReputation", reputation.worst},
              {"accuracy", reputation.accuracy},
              {"lastSeen", last_seen},
              {"tags", node.tags},
              {"visibleBy", node.visible_by},
              {"attributes", node.attributes}};
  if (node.what.type == "service") put_verdict(out, ports.of_service(node.what));
  return out;
}

}  // namespace

json to_json(const views::entity_details& entity, const port_verdicts& ports) {
  const auto& facts = entity.facts;
  json out = {{"attributes", attributes_of(facts)},
              {"metadata", json::object()},
              {"geolocations", geolocations_of(facts.attributes)},
              {"latest_associations", json::array()},
              {"extended_metadata", json::array()}};
  if (facts.what.type == "service") put_verdict(out["attributes"], ports.of_service(facts.what));
  for (const auto& [name, value] : facts.attributes.items()) {
    if (name != facts.what.type) out["metadata"][name] = value;
  }
  for (const auto& related : entity.related) {
    bool part = related.mode == model::association_mode::aggregation;
    out[part ? "extended_metadata" : "latest_associations"].push_back(
        to_json(related, facts.what, ports));
  }
  out["associations_total"] = entity.related_total;
  if (entity.truncated) out["truncated"] = true;
  return out;
}

json to_json(const views::entity_graph& graph, const port_verdicts& ports) {
  json out = {{"nodes", json::array()}, {"relations", json::array()}};
  if (graph.truncated) out["truncated"] = true;
  for (const auto& node : graph.nodes)
    out["nodes"].push_back(to_json(node, ports));
  for (const auto& edge : graph.edges) {
    json one = {
        {"source", edge.source.str()}, {"target", edge.target.str()}, {"mode", name_of(edge.mode)}};
    if (!edge.evidence.is_null()) one["evidence"] = edge.evidence;
    out["relations"].push_back(std::move(one));
  }
  return out;
}

json to_json(const views::entity_comments& said) {
  json out = {{"comments", json::array()}};
  if (said.truncated) out["truncated"] = true;
  for (const auto& comment : said.comments) {
    json one = {{"id", comment.id.str()},        {"entityID", comment.entity.str()},
                {"comment", comment.text},       {"visibleBy", comment.from.visible_by},
                {"source", comment.from.source}, {"time", to_rfc3339(comment.from.time)}};
    if (comment.parent) one["parentID"] = comment.parent->str();
    out["comments"].push_back(std::move(one));
  }
  return out;
}

}  // namespace sonde::ingest
