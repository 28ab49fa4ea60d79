#include "views/visibility_sets.hpp"

#include "model/auth/credential.hpp"
#include "model/text/json.hpp"

#include <algorithm>

namespace sonde::views {
namespace {

/// The number of visibility sets and groups whose numbers are kept in memory; others are looked up.
constexpr std::size_t most_known_lists = 10'000;
/// The number of noted pairs (entity, visibility set) kept in memory, so that they are not written
/// again.
constexpr std::size_t most_noted = 100'000;
/// The maximum number of visibility sets per group that one read of an entity uses. Only callers in
/// the reader's own groups can create more; the reader then sees the oldest ones.
constexpr int most_lists = 256;
constexpr const char* lists_table = "visibilities";
constexpr const char* groups_table = "members";

}  // namespace

void create_visibility_sets(SQLite::Database& db) {
  interned_strings::create(db, lists_table);
  interned_strings::create(db, groups_table);
  db.exec(
      "CREATE TABLE visibility_members(visibility INTEGER NOT NULL, member INTEGER NOT NULL,"
      "  PRIMARY KEY(visibility, member)) WITHOUT ROWID;"
      "CREATE TABLE seen(n INTEGER NOT NULL, part INTEGER NOT NULL, member INTEGER NOT NULL,"
      "  visibility INTEGER NOT NULL, PRIMARY KEY(n, part, member, visibility)) WITHOUT ROWID;");
}

visibility_writer::visibility_writer(SQLite::Database& db)
    : lists_(db, lists_table, most_known_lists),
      groups_(db, groups_table, most_known_lists),
      add_member_(db, "INSERT OR IGNORE INTO visibility_members VALUES(?, ?)"),
      add_seen_(db,
                "INSERT OR IGNORE INTO seen SELECT ?1, ?2, member, ?3 FROM visibility_members"
                " WHERE visibility=?3") {}

std::size_t visibility_writer::pair_hash::operator()(
    const std::pair<std::int64_t, std::int64_t>& pair) const {
  constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;
  return std::hash<std::uint64_t>()(static_cast<std::uint64_t>(pair.first) * odd +
                                    static_cast<std::uint64_t>(pair.second));
}

/// Returns the number of a visibility set. Groups next to `public` add nothing and are dropped.
/// Otherwise rows that everyone may see would be spread over as many sets as callers have combined
/// with `public`.
std::int64_t visibility_writer::number_of(const model::group_list& groups) {
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

void visibility_writer::note(std::int64_t entity, seen_part part, std::int64_t visibility) {
  if (noted_.size() >= most_noted) noted_.clear();
  auto of_entity = 2 * entity + (part == seen_part::edges ? 1 : 0);
  if (!noted_.emplace(of_entity, visibility).second) return;
  add_seen_.reset();
  add_seen_.bind(1, entity);
  add_seen_.bind(2, static_cast<int>(part));
  add_seen_.bind(3, visibility);
  add_seen_.exec();
}

void visibility_writer::forget() {
  lists_.forget();
  groups_.forget();
  noted_.clear();
}

visibility_reader::visibility_reader(SQLite::Database& db)
    : find_group_(db, std::string("SELECT n FROM ") + groups_table + " WHERE text=?"),
      find_lists_(db,
                  "SELECT visibility FROM seen WHERE n=?1 AND part=?2 AND member=?3"
                  " ORDER BY visibility LIMIT ?4"),
      find_any_(db, "SELECT 1 FROM seen WHERE n=?1 AND part=?2 AND member=?3 LIMIT 1") {}

reader_groups visibility_reader::numbers_of(const model::group_list& groups, read_budget& budget) {
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

visible_sets visibility_reader::of(std::int64_t entity, seen_part part, const reader_groups& reader,
                                   read_budget& budget) {
  visible_sets out;
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

/// Looks up all groups, so that the duration does not reveal which group matched.
bool visibility_reader::any(std::int64_t entity, seen_part part, const reader_groups& reader,
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
