#include "views/audiences.hpp"

#include "model/credential.hpp"
#include "model/json.hpp"

#include <algorithm>

namespace sonde::views {
namespace {

/// Lists that are kept in memory; beyond these each is looked up.
constexpr std::size_t most_known_lists = 10'000;
constexpr const char* lists_table = "audiences";

}  // namespace

void create_audiences(SQLite::Database& db) {
  numbered_texts::create(db, lists_table);
  db.exec(
      "CREATE TABLE audience_groups(name TEXT NOT NULL, audience INTEGER NOT NULL,"
      "  PRIMARY KEY(name, audience)) WITHOUT ROWID;");
}

audience_writer::audience_writer(SQLite::Database& db)
    : lists_(db, lists_table, most_known_lists),
      add_group_(db, "INSERT OR IGNORE INTO audience_groups VALUES(?, ?)") {}

/// Who is on a list beside everybody adds nothing to it. Otherwise every reader would have to look
/// for rows by every list that anybody has ever put `public` on.
std::int64_t audience_writer::number_of(const model::group_list& groups) {
  const model::group_list everybody = {model::public_group};
  const auto& seen_by =
      std::ranges::find(groups, model::public_group) != groups.end() ? everybody : groups;
  auto number = lists_.of(model::to_text(seen_by));
  if (!number.is_new) return number.value;
  for (const auto& group : seen_by) {
    add_group_.reset();
    add_group_.bind(1, group);
    add_group_.bind(2, number.value);
    add_group_.exec();
  }
  return number.value;
}

audience_reader::audience_reader(SQLite::Database& db)
    : of_group_(db, "SELECT audience FROM audience_groups WHERE name=?") {}

reader_audiences audience_reader::of(const model::group_list& groups) {
  reader_audiences out;
  for (const auto& group : groups) {
    of_group_.reset();
    of_group_.bind(1, group);
    while (of_group_.executeStep())
      out[of_group_.getColumn(0).getInt64()].push_back(group);
  }
  of_group_.reset();
  return out;
}

}  // namespace sonde::views
