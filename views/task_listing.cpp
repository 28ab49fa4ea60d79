#include "views/task_listing.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <limits>
#include <set>

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

/// The newest ones of all that are offered, however they come.
class newest_places {
 public:
  explicit newest_places(std::size_t most) : most_(most) {}

  /// False: neither this one nor any that is older has a place.
  bool offer(list_place place) {
    if (held_.size() == most_ && !(*std::prev(held_.end()) < place)) return false;
    held_.insert(std::move(place));
    if (held_.size() > most_) held_.erase(std::prev(held_.end()));
    return true;
  }
  [[nodiscard]] std::vector<list_place> places() const { return {held_.begin(), held_.end()}; }

 private:
  std::size_t most_;
  std::set<list_place, std::greater<>> held_;
};

}  // namespace

struct task_listing::statements {
  explicit statements(SQLite::Database& db)
      : add(db, "INSERT OR REPLACE INTO listed VALUES(?, ?, ?, ?, ?)"),
        drop(db, "DELETE FROM listed WHERE member=? AND state=? AND requested=? AND id=?"),
        of_member(db,
                  "SELECT requested, id FROM listed WHERE member=?1 AND state=?2"
                  " AND (requested, id) < (?3, ?4)"
                  " ORDER BY requested DESC, id DESC"),
        of_target(db,
                  "SELECT requested, id, state FROM listed WHERE target=?1 AND member=?2"
                  " AND (requested, id) < (?3, ?4)"
                  " ORDER BY requested DESC, id DESC") {}

  static void bind(SQLite::Statement& statement, const std::string& member,
                   const model::task_generation& one) {
    statement.reset();
    statement.bind(1, member);
    statement.bind(2, static_cast<int>(one.state));
    statement.bind(3, moment_number(one.requested));
    statement.bind(4, one.id.str());
  }

  SQLite::Statement add, drop, of_member, of_target;
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
    for (const auto& group : before->scope) {
      statements::bind(sql_->drop, group, was);
      sql_->drop.exec();
    }
  }
  for (const auto& group : after.scope) {
    statements::bind(sql_->add, group, after.current);
    sql_->add.bind(5, after.target.text());
    sql_->add.exec();
  }
}

std::vector<list_place> task_listing::find(const list_query& query, std::size_t most) {
  newest_places out(most);
  auto requested = std::numeric_limits<std::int64_t>::max();
  std::string id;
  if (query.after) {
    requested = moment_number(query.after->requested);
    id = query.after->id.str();
  }
  auto place_at = [](SQLite::Statement& row) {
    return list_place{wall_time(std::chrono::milliseconds(row.getColumn(0).getInt64())),
                      model::task_id(row.getColumn(1).getString())};
  };
  if (query.target) {
    auto& row = sql_->of_target;
    for (const auto& group : query.groups) {
      row.reset();
      row.bind(1, query.target->text());
      row.bind(2, group);
      row.bind(3, requested);
      row.bind(4, id);
      while (row.executeStep()) {
        bool other = query.state && row.getColumn(2).getInt() != static_cast<int>(*query.state);
        if (!other && !out.offer(place_at(row))) break;
      }
    }
    row.reset();
    return out.places();
  }
  auto& row = sql_->of_member;
  for (const auto& group : query.groups) {
    for (auto state : all_states) {
      if (query.state && state != *query.state) continue;
      row.reset();
      row.bind(1, group);
      row.bind(2, static_cast<int>(state));
      row.bind(3, requested);
      row.bind(4, id);
      while (row.executeStep() && out.offer(place_at(row))) {
      }
    }
  }
  row.reset();
  return out.places();
}

}  // namespace sonde::views
