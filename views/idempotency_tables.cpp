#include "views/idempotency_tables.hpp"

#include "model/events.hpp"

#include <chrono>

namespace sonde::views {
namespace {

using model::kept_answer;

constexpr const char* schema =
    "CREATE TABLE answers(id TEXT PRIMARY KEY, request TEXT NOT NULL, made_by TEXT NOT NULL,"
    "  state INTEGER NOT NULL, status INTEGER NOT NULL, content_type TEXT NOT NULL,"
    "  body TEXT NOT NULL, time INTEGER NOT NULL);"
    "CREATE INDEX answers_by_time ON answers(time);";
/// Each record that is folded adds one row at most, so this catches up with any backlog.
constexpr int swept_at_once = 4;

}  // namespace

struct idempotency_tables::statements {
  explicit statements(SQLite::Database& db)
      : put(db,
            "INSERT INTO answers VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
            " ON CONFLICT(id) DO UPDATE SET request=?2, made_by=?3, state=?4, status=?5,"
            "  content_type=?6, body=?7, time=?8 WHERE time <= ?8 - ?9"),
        release(db, "DELETE FROM answers WHERE id=?1 AND made_by=?2 AND state=?3"),
        find(db,
             "SELECT request, made_by, state, status, content_type, body, time FROM answers"
             " WHERE id=?1 AND time > ?2"),
        // Row numbers grow with every row that is new.
        drop_old(db,
                 "DELETE FROM answers WHERE rowid IN"
                 " (SELECT rowid FROM answers WHERE time <= ?1 ORDER BY time LIMIT ?2)"),
        drop_surplus(db,
                     "DELETE FROM answers WHERE rowid IN (SELECT rowid FROM answers"
                     "  WHERE rowid <= (SELECT max(rowid) FROM answers) - ?1"
                     "  ORDER BY rowid LIMIT ?2)"),
        count(db, "SELECT count(*) FROM answers") {}

  SQLite::Statement put;
  SQLite::Statement release;
  SQLite::Statement find;
  SQLite::Statement drop_old;
  SQLite::Statement drop_surplus;
  SQLite::Statement count;
};

const std::vector<std::string>& idempotency_tables::topics() const {
  static const std::vector<std::string> names = {model::topics::idempotency};
  return names;
}

void idempotency_tables::create(SQLite::Database& db) {
  db.exec(schema);
}

void idempotency_tables::open(SQLite::Database& db) {
  sql_ = std::make_shared<statements>(db);
}

std::int64_t idempotency_tables::oldest_ms() const {
  auto oldest = clock_.now() - std::chrono::seconds(limits_.idempotency_s);
  return oldest.time_since_epoch().count();
}

bool idempotency_tables::fold(const queue::stored_record& record) {
  auto answer = model::parse_kept_answer(record.what.value);
  if (!answer || answer->id != record.what.key) return false;
  if (answer->what == kept_answer::kind::released) {
    release(*answer);
  } else if (answer->time.time_since_epoch().count() > oldest_ms()) {
    put(*answer);
  }
  sweep();
  return true;
}

void idempotency_tables::put(const kept_answer& answer) {
  auto& put = sql_->put;
  put.reset();
  put.bind(1, answer.id);
  put.bind(2, answer.request);
  put.bind(3, answer.by);
  put.bind(4, static_cast<int>(answer.what));
  put.bind(5, static_cast<std::int64_t>(answer.status));
  put.bind(6, answer.content_type);
  put.bind(7, answer.body);
  put.bind(8, answer.time.time_since_epoch().count());
  put.bind(9, std::int64_t{limits_.idempotency_s} * 1000);
  put.exec();
}

void idempotency_tables::release(const kept_answer& answer) {
  auto& release = sql_->release;
  release.reset();
  release.bind(1, answer.id);
  release.bind(2, answer.by);
  release.bind(3, static_cast<int>(kept_answer::kind::begun));
  release.exec();
}

void idempotency_tables::sweep() {
  auto& old = sql_->drop_old;
  old.reset();
  old.bind(1, oldest_ms());
  old.bind(2, swept_at_once);
  old.exec();
  auto& surplus = sql_->drop_surplus;
  surplus.reset();
  surplus.bind(1, std::int64_t{limits_.idempotency_answers});
  surplus.bind(2, swept_at_once);
  surplus.exec();
}

std::optional<kept_answer> idempotency_tables::find(const std::string& id) {
  auto& find = sql_->find;
  find.reset();
  find.bind(1, id);
  find.bind(2, oldest_ms());
  std::optional<kept_answer> out;
  if (find.executeStep()) {
    out.emplace();
    out->id = id;
    out->request = find.getColumn(0).getString();
    out->by = find.getColumn(1).getString();
    out->what = static_cast<kept_answer::kind>(find.getColumn(2).getInt());
    out->status = find.getColumn(3).getUInt();
    out->content_type = find.getColumn(4).getString();
    out->body = find.getColumn(5).getString();
    out->time = wall_time(std::chrono::milliseconds(find.getColumn(6).getInt64()));
  }
  find.reset();
  return out;
}

std::uint64_t idempotency_tables::rows() {
  auto& count = sql_->count;
  count.reset();
  count.executeStep();
  auto out = static_cast<std::uint64_t>(count.getColumn(0).getInt64());
  count.reset();
  return out;
}

}  // namespace sonde::views
