#include "views/entity_tables.hpp"

#include <set>

namespace sonde::views {
namespace {

/// Edges that one walk looks at, so that no question costs more than some tens of milliseconds.
constexpr std::uint64_t most_edges_walked = 10'000;
/// The type of entity that the whole world shares.
constexpr const char* hub = "port";

}  // namespace

/// Breadth first, so that the nearest are there when the limit is reached.
std::optional<entity_graph> entity_tables::walk(const model::entity_id& id,
                                                const model::group_list& groups,
                                                std::uint32_t levels, std::size_t node_limit) {
  reader_groups readers(groups);
  auto start = facts_of(id.str(), readers);
  if (!start) return std::nullopt;
  entity_graph out;
  out.nodes.push_back(std::move(*start));
  std::map<std::string, std::uint32_t> level_of = {{id.str(), 0}};
  std::set<std::string> hidden;
  std::set<std::string> edges_seen;
  std::uint64_t walked = 0;
  auto& edges = sql_->find_related;
  for (std::size_t at = 0; at < out.nodes.size() && walked < most_edges_walked; ++at) {
    auto here = out.nodes[at].what.id.str();
    auto level = level_of[here];
    if (level >= levels || (at > 0 && out.nodes[at].what.type == hub)) continue;
    edges.reset();
    edges.bind(1, here);
    while (walked < most_edges_walked && edges.executeStep()) {
      ++walked;
      auto other = edges.getColumn(2).getString();
      bool there = level_of.contains(other);
      bool room = out.nodes.size() < node_limit && !hidden.contains(other);
      if ((!there && !room) || !readers.may_see(edges.getColumn(1).getString())) continue;
      if (!edges_seen.insert(edges.getColumn(0).getString()).second) continue;
      if (!there) {
        auto facts = facts_of(other, readers);
        if (!facts) {
          hidden.insert(other);
          continue;
        }
        level_of[other] = level + 1;
        out.nodes.push_back(std::move(*facts));
      }
      model::entity_id mine(here);
      model::entity_id theirs(std::move(other));
      bool outgoing = edges.getColumn(4).getInt() == 1;
      out.edges.push_back({outgoing ? mine : theirs, outgoing ? theirs : mine,
                           static_cast<model::association_mode>(edges.getColumn(3).getInt()),
                           model::parse_own(edges.getColumn(5).getString())});
    }
    edges.reset();
  }
  return out;
}

}  // namespace sonde::views
