#include "views/entity_reader.hpp"
#include "views/sorted_merge.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

namespace sonde::views {
namespace {

/// Where a comment stands among those of its entity that one group may see.
struct comment_place {
  std::int64_t time = 0;
  std::string id;
  std::int64_t audience = 0;
  /// The oldest comes first, so it is the greatest one.
  bool operator<(const comment_place& than) const {
    return std::tie(time, id) > std::tie(than.time, than.id);
  }
};

}  // namespace

bool entity_reader::put_text(model::comment& comment, std::int64_t audience) {
  auto& row = find_text_;
  row.reset();
  row.bind(1, comment.id.str());
  row.bind(2, audience);
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

/// Each of the reader's groups has its comments in their order; together they are merged.
std::optional<entity_comments> entity_reader::comments(const model::entity_id& id,
                                                       const model::group_list& groups,
                                                       std::size_t limit) {
  constexpr std::size_t at_once = 64;
  SQLite::Transaction one_state(db_);
  read_budget budget(limits_);
  auto reader = audiences_.numbers_of(groups, budget);
  auto number = number_of(id);
  if (!sees(number, reader, budget)) return std::nullopt;
  auto fetch = [&](std::size_t group, const comment_place* after, std::size_t most) {
    std::vector<comment_place> places;
    auto& row = find_comments_;
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
      one.entity = id;
      one.from.time = wall_time(std::chrono::milliseconds(place.time));
      budget.count(2);
      if (!put_text(one, place.audience)) continue;
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

}  // namespace sonde::views
