#include "views/task_listing.hpp"

#include "views/columns.hpp"
#include "views/named_statement.hpp"
#include "views/sorted_merge.hpp"

#include <algorithm>

namespace sonde::views {
namespace {

using model::task_state;

constexpr task_state all_states[] = {task_state::queued, task_state::running, task_state::done,
                                     task_state::failed, task_state::cancelled};

constexpr const char* listing_schema =
    "CREATE TABLE listed(member TEXT NOT NULL, state INTEGER NOT NULL, requested INTEGER NOT NULL,"
    "  id TEXT NOT NULL, target TEXT NOT NULL,"
    "  PRIMARY KEY(member, state, requested DESC, id DESC)) WITHOUT ROWID;"
    "CREATE INDEX listed_target ON listed(target, member, requested DESC, id DESC);";

std::int64_t moment_number(wall_time when) {
  return static_cast<std::int64_t>(when.time_since_epoch().count());
}

}  // namespace

struct task_listing::statements {
  explicit statements(SQLite::Database& db)
      : add(db, "INSERT OR REPLACE INTO listed" +
                    columns_and_values({"member", "state", "requested", "id", "target"})),
        drop(db,
             "DELETE FROM listed WHERE member=:member AND state=:state AND requested=:requested"
             "  AND id=:id"),
        of_member(db,
                  "SELECT requested, id FROM listed WHERE member=?1 AND state=?2"
                  " AND (requested, id) < (?3, ?4)"
                  " ORDER BY requested DESC, id DESC LIMIT ?5"),
        of_target(db,
                  "SELECT requested, id, state FROM listed WHERE target=?1 AND member=?2"
                  " AND (requested, id) < (?3, ?4)"
                  " ORDER BY requested DESC, id DESC LIMIT ?5") {}

  named_statement add, drop;
  SQLite::Statement of_member, of_target;
};

task_listing::task_listing(SQLite::Database& db) : sql_(std::make_unique<statements>(db)) {}
task_listing::~task_listing() = default;

void task_listing::create(SQLite::Database& db) {
  db.exec(listing_schema);
}

void task_listing::change(const std::optional<model::scan_task>& before,
                          const model::scan_task& after) {
  if (before) {
    const auto& was = before->current;
    const auto& is = after.current;
    if (was.state == is.state && was.id == is.id && was.requested == is.requested) return;
    for (const auto& group : before->visibility) {
      sql_->drop.run(named{":member", group}, named{":state", was.state},
                     named{":requested", was.requested}, named{":id", was.id.str()});
    }
  }
  const auto& current = after.current;
  for (const auto& group : after.visibility) {
    sql_->add.run(named{":member", group}, named{":state", current.state},
                  named{":requested", current.requested}, named{":id", current.id.str()},
                  named{":target", after.target.text()});
  }
}

/// A sequence of rows in list order: of one group and state, or of one group and target.
struct task_listing::source {
  std::string group;
  task_state state = task_state::queued;
};

struct task_listing::listed_row {
  list_place place;
  bool wanted = true;  ///< in the requested state
  bool operator<(const listed_row& than) const { return place < than.place; }
};

std::vector<task_listing::source> task_listing::sources_of(const list_query& query) {
  std::vector<source> out;
  for (const auto& group : query.groups) {
    for (auto state : all_states) {
      if (query.target ? state == all_states[0] : !query.state || state == *query.state) {
        out.push_back({group, state});
      }
    }
  }
  return out;
}

std::vector<task_listing::listed_row> task_listing::rows_after(const source& from,
                                                               const list_query& query,
                                                               const list_place& after,
                                                               std::size_t most) {
  std::vector<listed_row> out;
  auto& row = query.target ? sql_->of_target : sql_->of_member;
  row.reset();
  if (query.target) {
    row.bind(1, query.target->text());
    row.bind(2, from.group);
  } else {
    row.bind(1, from.group);
    row.bind(2, static_cast<int>(from.state));
  }
  row.bind(3, moment_number(after.requested));
  row.bind(4, after.id.str());
  row.bind(5, static_cast<std::int64_t>(most));
  while (row.executeStep()) {
    auto& one = out.emplace_back();
    one.place = {time_in(row.getColumn(0)), model::task_id(row.getColumn(1).getString())};
    if (query.target && query.state) {
      one.wanted = row.getColumn(2).getInt() == static_cast<int>(*query.state);
    }
  }
  row.reset();
  return out;
}

list_page task_listing::find(const list_query& query, read_budget& budget) {
  constexpr std::size_t least_at_once = 8;
  constexpr std::size_t most_at_once = 256;
  auto sources = sources_of(query);
  list_page out;
  if (sources.empty()) return out;
  list_place begin{wall_time::max(), {}};
  if (query.after) begin = *query.after;
  auto fetch = [&](std::size_t each, const listed_row* after, std::size_t most) {
    return rows_after(sources[each], query, after == nullptr ? begin : after->place, most);
  };
  auto at_once = std::clamp(query.limit / sources.size() + 1, least_at_once, most_at_once);
  sorted_merge<listed_row> rows(sources.size(), at_once, fetch, budget);
  std::optional<list_place> last;
  while (auto next = rows.next()) {
    const auto& row = next->first;
    // A task that several of the groups may see has a row for each of them.
    if (last && row.place == *last) continue;
    if (out.places.size() == query.limit) {
      out.next = last;
      return out;
    }
    last = row.place;
    if (row.wanted) out.places.push_back(row.place);
  }
  if (!budget.left()) out.next = last ? last : query.after;
  return out;
}

}  // namespace sonde::views
