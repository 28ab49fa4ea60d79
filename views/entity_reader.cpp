#include "views/entity_reader.hpp"

#include "views/sorted_merge.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace sonde::views {
namespace {

wall_time time_of(const SQLite::Column& column) {
  return wall_time(std::chrono::milliseconds(column.getInt64()));
}

}  // namespace

entity_reader::entity_reader(SQLite::Database& db, const limits& limits)
    : db_(db),
      limits_(limits),
      audiences_(db),
      find_number_(db, "SELECT n FROM numbers WHERE text=?"),
      find_id_(db, "SELECT text FROM numbers WHERE n=?"),
      find_words_(db,
                  "SELECT source, type, value, attributes_time, first_seen, last_seen, reputation,"
                  "  word_time, best, worst, well_known, attributes, tags"
                  " FROM entities WHERE n=?1 AND audience=?2"),
      find_judgements_(
          db,
          "SELECT source, type, value, attributes_time, first_seen, last_seen, reputation,"
          "  word_time, best, worst, well_known"
          " FROM entities WHERE n=?1 AND audience=?2"),
      find_edges_from_(db,
                       "SELECT to_n, mode, evidence, first_seen, last_seen, source"
                       " FROM associations WHERE from_n=?1 AND audience=?2"
                       "  AND (last_seen, to_n, mode, source) < (?3, ?4, ?5, ?6)"
                       " ORDER BY last_seen DESC, to_n DESC, mode DESC, source DESC LIMIT ?7"),
      find_edges_to_(db,
                     "SELECT from_n, mode, evidence, first_seen, last_seen, source"
                     " FROM associations WHERE to_n=?1 AND audience=?2"
                     "  AND (last_seen, from_n, mode, source) < (?3, ?4, ?5, ?6)"
                     " ORDER BY last_seen DESC, from_n DESC, mode DESC, source DESC LIMIT ?7"),
      find_comments_(db,
                     "SELECT time, id, audience FROM seen_comments WHERE entity=?1 AND member=?2"
                     "  AND (time, id) > (?3, ?4) ORDER BY time, id LIMIT ?5"),
      find_text_(db, "SELECT source, parent_id, text FROM comments WHERE id=?1 AND audience=?2"),
      find_comment_(db,
                    "SELECT 1 FROM seen_comments WHERE id=?1 AND member=?2 AND entity=?3"
                    " LIMIT 1") {}

/// No entity has the number 0, which is looked for like any other.
std::int64_t entity_reader::number_of(const model::entity_id& id) {
  find_number_.reset();
  find_number_.bind(1, id.str());
  auto number = find_number_.executeStep() ? find_number_.getColumn(0).getInt64() : 0;
  find_number_.reset();
  return number;
}

std::string entity_reader::id_of(std::int64_t number) {
  find_id_.reset();
  find_id_.bind(1, number);
  auto id = find_id_.executeStep() ? find_id_.getColumn(0).getString() : std::string();
  find_id_.reset();
  return id;
}

std::vector<entity_word> entity_reader::words_of(std::int64_t number,
                                                 const reader_audiences& readers, detail how,
                                                 read_budget& budget) {
  std::vector<entity_word> out;
  auto& row = how == detail::whole ? find_words_ : find_judgements_;
  for (const auto& [audience, groups] : readers) {
    if (!budget.left()) break;
    budget.count();
    row.reset();
    row.bind(1, number);
    row.bind(2, audience);
    while (budget.left() && row.executeStep()) {
      budget.count();
      auto& one = out.emplace_back();
      one.audience = audience;
      one.source = row.getColumn(0).getString();
      one.type = row.getColumn(1).getString();
      one.value = row.getColumn(2).getString();
      one.newest = row.getColumn(3).getString();
      one.first_seen = time_of(row.getColumn(4));
      one.last_seen = time_of(row.getColumn(5));
      if (!row.getColumn(6).isNull()) {
        one.reputation = {row.getColumn(6).getInt(), row.getColumn(7).getString(),
                          row.getColumn(8).getInt(), row.getColumn(9).getInt()};
      }
      one.well_known = row.getColumn(10).getInt() != 0;
      if (how == detail::without_attributes) continue;
      one.attributes = row.getColumn(11).getString();
      one.tags = row.getColumn(12).getString();
      budget.add_bytes(one.attributes.size() + one.tags.size());
      if (!budget.has_room()) break;
    }
    if (how == detail::whole && !budget.has_room()) {
      budget.note_cut();
      break;
    }
  }
  row.reset();
  std::ranges::sort(out, {}, &entity_word::newest);
  return out;
}

bool entity_edge::operator<(const entity_edge& than) const {
  return std::tie(last_seen, other, mode, source, audience, outgoing) <
         std::tie(than.last_seen, than.other, than.mode, than.source, than.audience, than.outgoing);
}

/// The rows of its list and direction that follow an edge.
std::vector<entity_edge> entity_reader::edges_after(const entity_edge& after, std::size_t most) {
  std::vector<entity_edge> out;
  auto& row = after.outgoing ? find_edges_from_ : find_edges_to_;
  row.reset();
  row.bind(1, after.number);
  row.bind(2, after.audience);
  row.bind(3, static_cast<std::int64_t>(after.last_seen.time_since_epoch().count()));
  row.bind(4, after.other);
  row.bind(5, static_cast<int>(after.mode));
  row.bind(6, after.source);
  row.bind(7, static_cast<std::int64_t>(most));
  while (row.executeStep()) {
    out.push_back({after.number, after.audience, row.getColumn(0).getInt64(),
                   static_cast<model::association_mode>(row.getColumn(1).getInt()), after.outgoing,
                   row.getColumn(2).getString(), time_of(row.getColumn(3)),
                   time_of(row.getColumn(4)), row.getColumn(5).getString()});
  }
  row.reset();
  return out;
}

std::vector<entity_edge> entity_reader::edges_of(std::int64_t number, const reader_groups& reader,
                                                 std::size_t limit, read_budget& budget) {
  constexpr std::size_t least_at_once = 8;
  constexpr std::size_t most_at_once = 256;
  std::vector<entity_edge> begins;  // of each list and direction, before its newest edge
  for (const auto& [audience, groups] : audiences_.of(number, seen_part::edges, reader, budget)) {
    for (bool outgoing : {true, false}) {
      auto& one = begins.emplace_back();
      one.number = number;
      one.audience = audience;
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
  // Said by several sources, or to several lists, it is one association.
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
