#include "views/idempotency_tables.hpp"

#include "model/events.hpp"
#include "views/columns.hpp"
#include "views/named_statement.hpp"

#include <chrono>

namespace sonde::views {
namespace {

using model::cached_response;

constexpr const char* schema =
    "CREATE TABLE answers(id TEXT PRIMARY KEY, request TEXT NOT NULL, made_by TEXT NOT NULL,"
    "  state INTEGER NOT NULL, status INTEGER NOT NULL, content_type TEXT NOT NULL,"
    "  body TEXT NOT NULL, time INTEGER NOT NULL);"
    "CREATE INDEX answers_by_time ON answers(time);";
/// Each folded record adds at most one row, so sweeping this many rows catches up with any backlog.
constexpr int swept_at_once = 4;

}  // namespace

struct idempotency_tables::statements {
  explicit statements(SQLite::Database& db)
      : put(db,
            "INSERT INTO answers" +
                columns_and_values({"id", "request", "made_by", "state", "status", "content_type",
                                    "body", "time"}) +
                " ON CONFLICT(id) DO UPDATE SET request=:request, made_by=:made_by, state=:state,"
                "  status=:status, content_type=:content_type, body=:body, time=:time"
                "  WHERE time <= :time - :lifetime_ms"),
        release(db, "DELETE FROM answers WHERE id=?1 AND made_by=?2 AND state=?3"),
        find(db,
             "SELECT request, made_by, state, status, content_type, body, time FROM answers"
             " WHERE id=?1 AND time > ?2"),
        // Row numbers increase with every new row.
        drop_old(db,
                 "DELETE FROM answers WHERE rowid IN"
                 " (SELECT rowid FROM answers WHERE time <= ?1 ORDER BY time LIMIT ?2)"),
        drop_surplus(db,
                     "DELETE FROM answers WHERE rowid IN (SELECT rowid FROM answers"
                     "  WHERE rowid <= (SELECT max(rowid) FROM answers) - ?1"
                     "  ORDER BY rowid LIMIT ?2)"),
        count(db, "SELECT count(*) FROM answers") {}

  named_statement put;
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
  auto answer = model::parse_cached_response(record.what.value);
  if (!answer || answer->id != record.what.key) return false;
  if (answer->what == cached_response::kind::released) {
    release(*answer);
  } else if (answer->time.time_since_epoch().count() > oldest_ms()) {
    put(*answer);
  }
  sweep();
  return true;
}

void idempotency_tables::put(const cached_response& answer) {
  sql_->put.run(named{":id", answer.id}, named{":request", answer.request},
                named{":made_by", answer.by}, named{":state", answer.what},
                named{":status", answer.status}, named{":content_type", answer.content_type},
                named{":body", answer.body}, named{":time", answer.time},
                named{":lifetime_ms", std::int64_t{limits_.idempotency_s} * 1000});
}

void idempotency_tables::release(const cached_response& answer) {
  auto& release = sql_->release;
  release.reset();
  release.bind(1, answer.id);
  release.bind(2, answer.by);
  release.bind(3, static_cast<int>(cached_response::kind::begun));
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

std::optional<cached_response> idempotency_tables::find(const std::string& id) {
  auto& find = sql_->find;
  find.reset();
  find.bind(1, id);
  find.bind(2, oldest_ms());
  std::optional<cached_response> out;
  if (find.executeStep()) {
    out.emplace();
    out->id = id;
    out->request = find.getColumn(0).getString();
    out->by = find.getColumn(1).getString();
    out->what = static_cast<cached_response::kind>(find.getColumn(2).getInt());
    out->status = find.getColumn(3).getUInt();
    out->content_type = find.getColumn(4).getString();
    out->body = find.getColumn(5).getString();
    out->time = time_in(find.getColumn(6));
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
