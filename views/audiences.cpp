#include "views/audiences.hpp"

#include "model/credential.hpp"
#include "model/json.hpp"

#include <algorithm>

namespace sonde::views {
namespace {

/// Lists and groups that are kept in memory; beyond these each is looked up.
constexpr std::size_t most_known_lists = 10'000;
/// Pairs of an entity and a list that are known to be noted, so that they are not written again.
constexpr std::size_t most_noted = 100'000;
/// Lists of one group that one read of an entity takes. Only callers of the reader's own groups
/// can make more; the oldest ones are shown then.
constexpr int most_lists = 256;
constexpr const char* lists_table = "audiences";
constexpr const char* groups_table = "members";

}  // namespace

void create_audiences(SQLite::Database& db) {
  numbered_texts::create(db, lists_table);
  numbered_texts::create(db, groups_table);
  db.exec(
      "CREATE TABLE audience_members(audience INTEGER NOT NULL, member INTEGER NOT NULL,"
      "  PRIMARY KEY(audience, member)) WITHOUT ROWID;"
      "CREATE TABLE seen(n INTEGER NOT NULL, part INTEGER NOT NULL, member INTEGER NOT NULL,"
      "  audience INTEGER NOT NULL, PRIMARY KEY(n, part, member, audience)) WITHOUT ROWID;");
}

audience_writer::audience_writer(SQLite::Database& db)
    : lists_(db, lists_table, most_known_lists),
      groups_(db, groups_table, most_known_lists),
      add_member_(db, "INSERT OR IGNORE INTO audience_members VALUES(?, ?)"),
      add_seen_(db,
                "INSERT OR IGNORE INTO seen SELECT ?1, ?2, member, ?3 FROM audience_members"
                " WHERE audience=?3") {}

std::size_t audience_writer::pair_hash::operator()(
    const std::pair<std::int64_t, std::int64_t>& pair) const {
  constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;
  return std::hash<std::uint64_t>()(static_cast<std::uint64_t>(pair.first) * odd +
                                    static_cast<std::uint64_t>(pair.second));
}

/// Who is on a list beside everybody adds nothing to it. Otherwise everybody's rows would be found
/// by as many lists as anybody has ever put `public` on.
std::int64_t audience_writer::number_of(const model::group_list& groups) {
  const model::group_list everybody = {model::public_group};
  const auto& seen_by =
      std::ranges::find(groups, model::public_group) != groups.end() ? everybody : groups;
  auto number = lists_.of(model::to_text(seen_by));
  if (!number.is_new) return number.value;
  for (const auto& group : seen_by) {
    add_member_.reset();
    add_member_.bind(1, number.value);
    add_member_.bind(2, groups_.of(group).value);
    add_member_.exec();
  }
  return number.value;
}

void audience_writer::note(std::int64_t entity, seen_part part, std::int64_t audience) {
  if (noted_.size() >= most_noted) noted_.clear();
  auto of_entity = 2 * entity + (part == seen_part::edges ? 1 : 0);
  if (!noted_.emplace(of_entity, audience).second) return;
  add_seen_.reset();
  add_seen_.bind(1, entity);
  add_seen_.bind(2, static_cast<int>(part));
  add_seen_.bind(3, audience);
  add_seen_.exec();
}

void audience_writer::forget() {
  lists_.forget();
  groups_.forget();
  noted_.clear();
}

audience_reader::audience_reader(SQLite::Database& db)
    : find_group_(db, std::string("SELECT n FROM ") + groups_table + " WHERE text=?"),
      find_lists_(db,
                  "SELECT audience FROM seen WHERE n=?1 AND part=?2 AND member=?3"
                  " ORDER BY audience LIMIT ?4"),
      find_any_(db, "SELECT 1 FROM seen WHERE n=?1 AND part=?2 AND member=?3 LIMIT 1") {}

reader_groups audience_reader::numbers_of(const model::group_list& groups, read_budget& budget) {
  reader_groups out;
  for (const auto& group : groups) {
    budget.count();
    find_group_.reset();
    find_group_.bind(1, group);
    bool known = find_group_.executeStep();
    out.emplace_back(known ? find_group_.getColumn(0).getInt64() : 0, group);
  }
  find_group_.reset();
  return out;
}

reader_audiences audience_reader::of(std::int64_t entity, seen_part part,
                                     const reader_groups& reader, read_budget& budget) {
  reader_audiences out;
  for (const auto& [number, group] : reader) {
    auto& row = find_lists_;
    row.reset();
    row.bind(1, entity);
    row.bind(2, static_cast<int>(part));
    row.bind(3, number);
    row.bind(4, most_lists);
    int found = 0;
    for (; row.executeStep(); ++found)
      out[row.getColumn(0).getInt64()].push_back(group);
    budget.count(1 + static_cast<std::size_t>(found));
    if (found == most_lists) budget.note_cut();
  }
  find_lists_.reset();
  return out;
}

/// All groups are looked up, so that the time does not tell which one it was.
bool audience_reader::any(std::int64_t entity, seen_part part, const reader_groups& reader,
                          read_budget& budget) {
  bool seen = false;
  for (const auto& each : reader) {
    budget.count();
    find_any_.reset();
    find_any_.bind(1, entity);
    find_any_.bind(2, static_cast<int>(part));
    find_any_.bind(3, each.first);
    seen = find_any_.executeStep() || seen;
  }
  find_any_.reset();
  return seen;
}

}  // namespace sonde::views
