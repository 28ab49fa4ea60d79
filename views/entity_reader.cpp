#include "views/entity_reader.hpp"

#include <map>
#include <set>
#include <tuple>

namespace sonde::views {
namespace {

/// The number of edges that are read for one entity. A port has one edge per target.
constexpr std::size_t most_edges = 1'000;
/// The number of edges that one walk reads, which limits a query to some tens of milliseconds.
constexpr std::size_t most_edges_walked = 10'000;
/// The entity type that all targets share.
constexpr const char* hub = "port";

struct place {
  std::int64_t number = 0;
  std::uint32_t level = 0;
};

}  // namespace

entity_reader::entity_reader(SQLite::Database& db, const limits& limits)
    : db_(db),
      limits_(limits),
      visibility_(db),
      assertions_(db, visibility_),
      edges_(db, visibility_),
      comments_(db) {}

std::optional<entity_details> entity_reader::find(const model::entity_id& id,
                                                  const model::group_list& groups,
                                                  std::size_t related_limit) {
  SQLite::Transaction one_state(db_);
  read_budget budget(limits_);
  auto reader = visibility_.numbers_of(groups, budget);
  auto number = assertions_.number_of(id);
  auto facts = assertions_.facts_of(number, reader, budget);
  if (!facts) return std::nullopt;
  entity_details out;
  out.facts = std::move(*facts);
  for (auto& edge : edges_.edges_of(number, reader, most_edges, budget)) {
    if (!budget.left()) break;
    if (!budget.has_room()) budget.note_cut();
    if (out.related.size() >= related_limit || !budget.has_room()) {
      if (assertions_.sees(edge.other, reader, budget)) ++out.related_total;
      continue;
    }
    auto other = assertions_.summary_of(edge.other, reader, budget);
    if (!other) continue;
    ++out.related_total;
    budget.add_bytes(other->value.size() + edge.evidence.size());
    out.related.push_back({std::move(*other), edge.mode, edge.outgoing,
                           model::parse_own(edge.evidence), edge.first_seen, edge.last_seen});
  }
  out.truncated = budget.cut();
  return out;
}

/// Walks breadth first, so that the nearest entities are included when the limit is reached.
std::optional<entity_graph> entity_reader::walk(const model::entity_id& id,
                                                const model::group_list& groups,
                                                std::uint32_t levels, std::size_t node_limit) {
  SQLite::Transaction one_state(db_);
  read_budget budget(limits_);
  auto reader = visibility_.numbers_of(groups, budget);
  std::vector<place> places = {{assertions_.number_of(id), 0}};
  auto start = assertions_.facts_of(places.front().number, reader, budget);
  if (!start) return std::nullopt;
  entity_graph out;
  out.nodes.push_back(std::move(*start));
  std::map<std::int64_t, std::size_t> at_place = {{places.front().number, 0}};
  std::set<std::int64_t> hidden;
  std::set<std::tuple<std::size_t, std::size_t, model::association_mode>> edges_seen;
  std::size_t left = most_edges_walked;
  for (std::size_t at = 0; at < places.size() && left > 0 && budget.left(); ++at) {
    auto [number, level] = places[at];
    if (level >= levels || (at > 0 && out.nodes[at].what.type == hub)) continue;
    auto edges = edges_.edges_of(number, reader, left, budget);
    left -= edges.size();
    for (const auto& edge : edges) {
      if (!budget.left()) break;
      auto other = at_place.find(edge.other);
      if (other == at_place.end()) {
        if (!budget.has_room()) budget.note_cut();
        bool full = out.nodes.size() >= node_limit || !budget.has_room();
        if (full || hidden.contains(edge.other)) continue;
        auto facts = assertions_.facts_of(edge.other, reader, budget);
        if (!facts) {
          hidden.insert(edge.other);
          continue;
        }
        other = at_place.emplace(edge.other, places.size()).first;
        places.push_back({edge.other, level + 1});
        out.nodes.push_back(std::move(*facts));
      }
      auto source = edge.outgoing ? at : other->second;
      auto target = edge.outgoing ? other->second : at;
      if (!edges_seen.emplace(source, target, edge.mode).second) continue;
      budget.add_bytes(edge.evidence.size());
      out.edges.push_back({out.nodes[source].what.id, out.nodes[target].what.id, edge.mode,
                           model::parse_own(edge.evidence)});
    }
  }
  out.truncated = budget.cut() || left == 0;
  return out;
}

std::optional<entity_comments> entity_reader::comments(const model::entity_id& id,
                                                       const model::group_list& groups,
                                                       std::size_t limit) {
  SQLite::Transaction one_state(db_);
  read_budget budget(limits_);
  auto reader = visibility_.numbers_of(groups, budget);
  auto number = assertions_.number_of(id);
  if (!assertions_.sees(number, reader, budget)) return std::nullopt;
  auto out = comments_.comments_of(number, reader, limit, budget);
  for (auto& one : out.comments)
    one.entity = id;
  return out;
}

std::optional<model::entity_id> entity_reader::first_missing(
    const std::vector<model::entity_id>& ids, const model::group_list& groups) {
  SQLite::Transaction one_state(db_);
  read_budget budget(limits_);
  auto reader = visibility_.numbers_of(groups, budget);
  for (const auto& id : ids) {
    if (!assertions_.sees(assertions_.number_of(id), reader, budget)) return id;
  }
  return std::nullopt;
}

bool entity_reader::has_comment(const model::entity_id& entity, const model::comment_id& comment,
                                const model::group_list& groups) {
  SQLite::Transaction one_state(db_);
  read_budget budget(limits_);
  auto reader = visibility_.numbers_of(groups, budget);
  auto number = assertions_.number_of(entity);
  bool found = comments_.has(number, comment, reader);
  bool seen = assertions_.sees(number, reader, budget);
  return found && seen;
}

}  // namespace sonde::views
