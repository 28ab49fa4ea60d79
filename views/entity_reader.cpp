#include "views/entity_reader.hpp"

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
      find_words_(
          db,
          "SELECT source, type, value, attributes, tags, attributes_time, first_seen, last_seen,"
          "  reputation, word_time, best, worst, well_known"
          " FROM entities WHERE n=?1 AND audience=?2"),
      find_any_word_(db, "SELECT 1 FROM entities WHERE n=?1 AND audience=?2 LIMIT 1"),
      find_edges_from_(db,
                       "SELECT to_n, mode, evidence, first_seen, last_seen FROM associations"
                       " WHERE from_n=?1 AND audience=?2 ORDER BY last_seen DESC LIMIT ?3"),
      find_edges_to_(db,
                     "SELECT from_n, mode, evidence, first_seen, last_seen FROM associations"
                     " WHERE to_n=?1 AND audience=?2 ORDER BY last_seen DESC LIMIT ?3"),
      find_comments_(db,
                     "SELECT id, source, parent_id, text, time FROM comments"
                     " WHERE entity=?1 AND audience=?2 ORDER BY time, id LIMIT ?3"),
      find_comment_(db, "SELECT 1 FROM comments WHERE id=?1 AND audience=?2 AND entity=?3") {}

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
                                                 const reader_audiences& readers) {
  std::vector<entity_word> out;
  for (const auto& [audience, groups] : readers) {
    auto& row = find_words_;
    row.reset();
    row.bind(1, number);
    row.bind(2, audience);
    while (row.executeStep()) {
      auto& one = out.emplace_back();
      one.audience = audience;
      one.source = row.getColumn(0).getString();
      one.type = row.getColumn(1).getString();
      one.value = row.getColumn(2).getString();
      one.attributes = row.getColumn(3).getString();
      one.tags = row.getColumn(4).getString();
      one.newest = row.getColumn(5).getString();
      one.first_seen = time_of(row.getColumn(6));
      one.last_seen = time_of(row.getColumn(7));
      if (!row.getColumn(8).isNull()) {
        one.reputation = {row.getColumn(8).getInt(), row.getColumn(9).getString(),
                          row.getColumn(10).getInt(), row.getColumn(11).getInt()};
      }
      one.well_known = row.getColumn(12).getInt() != 0;
    }
  }
  find_words_.reset();
  std::ranges::sort(out, {}, &entity_word::newest);
  return out;
}

bool entity_reader::sees(std::int64_t number, const reader_audiences& readers) {
  bool seen = false;
  for (const auto& [audience, groups] : readers) {
    find_any_word_.reset();
    find_any_word_.bind(1, number);
    find_any_word_.bind(2, audience);
    seen = find_any_word_.executeStep() || seen;
  }
  find_any_word_.reset();
  return seen;
}

std::vector<entity_edge> entity_reader::edges_of(std::int64_t number,
                                                 const reader_audiences& readers,
                                                 std::size_t limit) {
  std::vector<entity_edge> out;
  auto add = [&](SQLite::Statement& row, std::int64_t audience, bool outgoing) {
    row.reset();
    row.bind(1, number);
    row.bind(2, audience);
    row.bind(3, static_cast<std::int64_t>(limit));
    while (row.executeStep()) {
      out.push_back({row.getColumn(0).getInt64(),
                     static_cast<model::association_mode>(row.getColumn(1).getInt()), outgoing,
                     row.getColumn(2).getString(), time_of(row.getColumn(3)),
                     time_of(row.getColumn(4))});
    }
    row.reset();
  };
  for (const auto& [audience, groups] : readers) {
    add(find_edges_from_, audience, true);
    add(find_edges_to_, audience, false);
  }
  std::ranges::stable_sort(out, std::greater<>(), &entity_edge::last_seen);
  // Said by several sources, or to several audiences, it is one association.
  std::set<std::tuple<std::int64_t, model::association_mode, bool>> seen;
  std::erase_if(out, [&](const entity_edge& one) {
    bool loop = one.other == number;
    return !seen.emplace(one.other, one.mode, one.outgoing || loop).second;
  });
  if (out.size() > limit) out.resize(limit);
  return out;
}

}  // namespace sonde::views
