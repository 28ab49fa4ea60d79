#include "views/comment_reader.hpp"

#include "views/sorted_merge.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

namespace sonde::views {
namespace {

/// The position of a comment among those of its entity that one group may see.
struct comment_place {
  std::int64_t time = 0;
  std::string id;
  std::int64_t visibility = 0;
  /// Orders the oldest comment as the greatest, because `sorted_merge` returns the greatest row
  /// first.
  bool operator<(const comment_place& than) const {
    return std::tie(time, id) > std::tie(than.time, than.id);
  }
};

}  // namespace

comment_reader::comment_reader(SQLite::Database& db)
    : find_places_(db,
                   "SELECT time, id, visibility FROM seen_comments WHERE entity=?1 AND member=?2"
                   "  AND (time, id) > (?3, ?4) ORDER BY time, id LIMIT ?5"),
      find_text_(db, "SELECT source, parent_id, text FROM comments WHERE id=?1 AND visibility=?2"),
      find_one_(db,
                "SELECT 1 FROM seen_comments WHERE id=?1 AND member=?2 AND entity=?3"
                " LIMIT 1") {}

bool comment_reader::put_text(model::comment& comment, std::int64_t visibility) {
  auto& row = find_text_;
  row.reset();
  row.bind(1, comment.id.str());
  row.bind(2, visibility);
  bool found = row.executeStep();
  if (found) {
    comment.from.source = row.getColumn(0).getString();
    if (!row.getColumn(1).isNull()) {
      comment.parent = model::comment_id(row.getColumn(1).getString());
    }
    comment.text = row.getColumn(2).getString();
  }
  row.reset();
  return found;
}

/// Merges the comments of the reader's groups; each group has its comments in order.
entity_comments comment_reader::comments_of(std::int64_t number, const reader_groups& reader,
                                            std::size_t limit, read_budget& budget) {
  constexpr std::size_t at_once = 64;
  auto fetch = [&](std::size_t group, const comment_place* after, std::size_t most) {
    std::vector<comment_place> places;
    auto& row = find_places_;
    row.reset();
    row.bind(1, number);
    row.bind(2, reader[group].first);
    row.bind(3, after == nullptr ? std::numeric_limits<std::int64_t>::min() : after->time);
    row.bind(4, after == nullptr ? std::string() : after->id);
    row.bind(5, static_cast<std::int64_t>(most));
    while (row.executeStep()) {
      places.push_back(
          {row.getColumn(0).getInt64(), row.getColumn(1).getString(), row.getColumn(2).getInt64()});
    }
    row.reset();
    return places;
  };
  sorted_merge<comment_place> rows(reader.size(), at_once, fetch, budget);
  entity_comments out;
  std::map<std::string, std::size_t> at_place;
  while (auto next = rows.next()) {
    const auto& [place, group] = *next;
    auto known = at_place.find(place.id);
    if (known == at_place.end()) {
      if (out.comments.size() >= limit || !budget.has_room()) {
        budget.note_cut();
        break;
      }
      model::comment one;
      one.id = model::comment_id(place.id);
      one.from.time = wall_time(std::chrono::milliseconds(place.time));
      budget.count(2);
      if (!put_text(one, place.visibility)) continue;
      budget.add_bytes(one.text.size());
      known = at_place.emplace(place.id, out.comments.size()).first;
      out.comments.push_back(std::move(one));
    }
    auto& seen_by = out.comments[known->second].from.visible_by;
    const auto& name = reader[group].second;
    if (std::ranges::find(seen_by, name) == seen_by.end()) seen_by.push_back(name);
  }
  for (auto& one : out.comments)
    std::ranges::sort(one.from.visible_by);
  out.truncated = budget.cut();
  return out;
}

bool comment_reader::has(std::int64_t number, const model::comment_id& comment,
                         const reader_groups& reader) {
  bool found = false;
  for (const auto& each : reader) {
    find_one_.reset();
    find_one_.bind(1, comment.str());
    find_one_.bind(2, each.first);
    find_one_.bind(3, number);
    found = find_one_.executeStep() || found;
  }
  find_one_.reset();
  return found;
}

}  // namespace sonde::views
