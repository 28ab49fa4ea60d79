#include "views/edge_reader.hpp"

#include "views/columns.hpp"
#include "views/sorted_merge.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace sonde::views {

bool entity_edge::operator<(const entity_edge& than) const {
  return std::tie(last_seen, other, mode, source, visibility, outgoing) <
         std::tie(than.last_seen, than.other, than.mode, than.source, than.visibility,
                  than.outgoing);
}

edge_reader::edge_reader(SQLite::Database& db, visibility_reader& visibility)
    : visibility_(visibility),
      find_outgoing_(db,
                     "SELECT to_n, mode, evidence, first_seen, last_seen, source"
                     " FROM associations WHERE from_n=?1 AND visibility=?2"
                     "  AND (last_seen, to_n, mode, source) < (?3, ?4, ?5, ?6)"
                     " ORDER BY last_seen DESC, to_n DESC, mode DESC, source DESC LIMIT ?7"),
      find_incoming_(db,
                     "SELECT from_n, mode, evidence, first_seen, last_seen, source"
                     " FROM associations WHERE to_n=?1 AND visibility=?2"
                     "  AND (last_seen, from_n, mode, source) < (?3, ?4, ?5, ?6)"
                     " ORDER BY last_seen DESC, from_n DESC, mode DESC, source DESC LIMIT ?7") {}

/// Returns the rows of the same visibility set and direction that follow an edge.
std::vector<entity_edge> edge_reader::edges_after(const entity_edge& after, std::size_t most) {
  std::vector<entity_edge> out;
  auto& row = after.outgoing ? find_outgoing_ : find_incoming_;
  row.reset();
  row.bind(1, after.number);
  row.bind(2, after.visibility);
  row.bind(3, static_cast<std::int64_t>(after.last_seen.time_since_epoch().count()));
  row.bind(4, after.other);
  row.bind(5, static_cast<int>(after.mode));
  row.bind(6, after.source);
  row.bind(7, static_cast<std::int64_t>(most));
  while (row.executeStep()) {
    out.push_back({after.number, after.visibility, row.getColumn(0).getInt64(),
                   static_cast<model::association_mode>(row.getColumn(1).getInt()), after.outgoing,
                   row.getColumn(2).getString(), time_in(row.getColumn(3)),
                   time_in(row.getColumn(4)), row.getColumn(5).getString()});
  }
  row.reset();
  return out;
}

std::vector<entity_edge> edge_reader::edges_of(std::int64_t number, const reader_groups& reader,
                                               std::size_t limit, read_budget& budget) {
  constexpr std::size_t least_at_once = 8;
  constexpr std::size_t most_at_once = 256;
  std::vector<entity_edge> begins;  // before the newest edge of each visibility set and direction
  auto visible = visibility_.of(number, seen_part::edges, reader, budget);
  for (const auto& [visibility, groups] : visible) {
    for (bool outgoing : {true, false}) {
      auto& one = begins.emplace_back();
      one.number = number;
      one.visibility = visibility;
      one.outgoing = outgoing;
      one.last_seen = wall_time::max();
    }
  }
  std::vector<entity_edge> out;
  if (begins.empty()) return out;
  auto at_once = std::clamp(limit / begins.size() + 1, least_at_once, most_at_once);
  auto fetch = [&](std::size_t place, const entity_edge* after, std::size_t most) {
    return edges_after(after == nullptr ? begins[place] : *after, most);
  };
  sorted_merge<entity_edge> rows(begins.size(), at_once, fetch, budget);
  // An association of several sources or visibility sets counts as one.
  std::set<std::tuple<std::int64_t, model::association_mode, bool>> seen;
  while (out.size() < limit) {
    auto next = rows.next();
    if (!next) break;
    auto& one = next->first;
    bool loop = one.other == number;
    if (seen.emplace(one.other, one.mode, one.outgoing || loop).second) {
      out.push_back(std::move(one));
    }
  }
  return out;
}

}  // namespace sonde::views
