#include "views/entity_reader.hpp"

#include <map>
#include <set>

namespace sonde::views {
namespace {

/// Edges that one walk looks at, so that no question costs more than some tens of milliseconds.
constexpr std::size_t most_edges_walked = 10'000;
/// The type of entity that the whole world shares.
constexpr const char* hub = "port";

struct place {
  std::int64_t number = 0;
  std::uint32_t level = 0;
};

}  // namespace

/// Breadth first, so that the nearest are there when the limit is reached.
std::optional<entity_graph> entity_reader::walk(const model::entity_id& id,
                                                const model::group_list& groups,
                                                std::uint32_t levels, std::size_t node_limit) {
  SQLite::Transaction one_state(db_);
  read_budget budget(limits_);
  auto reader = audiences_.numbers_of(groups, budget);
  std::vector<place> places = {{number_of(id), 0}};
  auto start = facts_of(places.front().number, reader, budget);
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
    auto edges = edges_of(number, reader, left, budget);
    left -= edges.size();
    for (const auto& edge : edges) {
      if (!budget.left()) break;
      auto other = at_place.find(edge.other);
      if (other == at_place.end()) {
        if (!budget.has_room()) budget.note_cut();
        bool full = out.nodes.size() >= node_limit || !budget.has_room();
        if (full || hidden.contains(edge.other)) continue;
        auto facts = facts_of(edge.other, reader, budget);
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

}  // namespace sonde::views
