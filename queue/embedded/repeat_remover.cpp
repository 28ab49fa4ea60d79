#include "queue/embedded/repeat_remover.hpp"

#include <utility>

namespace sonde::queue::embedded {
namespace {

using local::kept_repeats;
using local::repeat;

/// The number of records that must be old enough before a slice starts, and the limit of a slice.
constexpr int fewest_rows = 100;
constexpr int most_rows = 1'000;
/// The limit on the bytes of a slice: about a tenth of a second of work.
constexpr std::size_t most_bytes = 4 << 20;
/// Rows of the mark table that one slice examines.
constexpr int mark_slice_rows = 2'000;

std::string marks_of(std::int64_t number) {
  return "repeats_" + std::to_string(number);
}

std::string bytes_at(const SQLite::Column& column) {
  const auto* data = static_cast<const char*>(column.getBlob());
  return {data, data + column.getBytes()};
}

void bind_said(SQLite::Statement& statement, const repeat_mark& mark) {
  statement.bindNoCopy(1, mark.said.data(), static_cast<int>(mark.said.size()));
}

}  // namespace

repeat_remover::statements::statements(SQLite::Database& db, const std::string& log,
                                       const std::string& table)
    : time_at(db, "SELECT time FROM " + log + " WHERE offset=?"),
      find(db,
           "SELECT oldest, oldest_offset, newest, newest_offset FROM " + table + " WHERE said=?"),
      put(db, "INSERT OR REPLACE INTO " + table + " VALUES(?, ?, ?, ?, ?)"),
      erase(db, "DELETE FROM " + log + " WHERE offset=? RETURNING " + row_bytes),
      set_next(db, "INSERT OR REPLACE INTO repeat_passes VALUES(?, ?)"),
      start(db, "SELECT start FROM logs WHERE number=?"),
      forget(db, "WITH some AS (SELECT said, oldest_offset, newest_offset FROM " + table +
                     " WHERE said > ?1 ORDER BY said LIMIT ?2)"
                     " SELECT said, oldest_offset < ?3 AND newest_offset < ?3 FROM some") {}

repeat_remover::repeat_remover(SQLite::Database& db, std::filesystem::path file,
                               std::int64_t number, const topic_spec& spec, executor background)
    : db_(db), file_(std::move(file)), number_(number), spec_(spec), look_(std::move(background)) {}

void repeat_remover::open() {
  if (sql_) return;
  auto table = marks_of(number_);
  SQLite::Transaction all(db_, SQLite::TransactionBehavior::IMMEDIATE);
  db_.exec(
      "CREATE TABLE IF NOT EXISTS repeat_passes(number INTEGER PRIMARY KEY,"
      " next INTEGER NOT NULL)");
  db_.exec("CREATE TABLE IF NOT EXISTS " + table +
           "(said BLOB PRIMARY KEY, oldest INTEGER NOT NULL, oldest_offset INTEGER NOT NULL,"
           " newest INTEGER NOT NULL, newest_offset INTEGER NOT NULL) WITHOUT ROWID");
  all.commit();
  SQLite::Statement reached(db_, "SELECT next FROM repeat_passes WHERE number=?");
  reached.bind(1, number_);
  if (reached.executeStep()) next_ = reached.getColumn(0).getInt64();
  sql_ = std::make_unique<statements>(db_, table_of(number_), table);
}

/// Returns true if enough records are old enough. Without this minimum, every record that becomes
/// old enough would cost a transaction. The last record of a slice was appended after the others,
/// even if the clock was set back.
bool repeat_remover::has_a_slice(wall_time before) {
  auto& last = sql_->time_at;
  last.reset();
  last.bind(1, next_ + fewest_rows - 1);
  bool has = last.executeStep() && time_at(last.getColumn(0)) < before;
  last.reset();
  return has;
}

std::int64_t repeat_remover::start_of_log() {
  auto& start = sql_->start;
  start.reset();
  start.bind(1, number_);
  start.executeStep();
  auto out = start.getColumn(0).getInt64();
  start.reset();
  return out;
}

repeat_remover::slice repeat_remover::remove_some(wall_time before,
                                                  std::chrono::milliseconds longest) {
  open();
  auto start = start_of_log();
  if (auto rows = look_.fetch()) {
    rows_ = std::move(*rows);
    next_row_ = 0;
  }
  if (next_row_ < rows_.size()) return take_rows(start, longest);
  if (look_.under_way()) return {{}, false, true};
  next_ = std::max(next_, start);
  if (!has_a_slice(before)) return {{}, forget_some(start), false};
  look_.begin([file = file_, number = number_, &spec = spec_, from = next_, before] {
    return look_at(file, number, spec, from, before);
  });
  return {{}, false, true};
}

/// Runs on the background thread.
repeat_remover::marked_rows repeat_remover::look_at(const std::filesystem::path& file,
                                                    std::int64_t number, const topic_spec& spec,
                                                    std::int64_t from, wall_time before) {
  SQLite::Database db(file.string(), SQLite::OPEN_READONLY);
  SQLite::Statement rows(db, "SELECT offset, time, key, value FROM " + table_of(number) +
                                 " WHERE offset >= ? ORDER BY offset LIMIT ?");
  rows.bind(1, from);
  rows.bind(2, most_rows);
  marked_rows out;
  std::size_t bytes = 0;
  while (bytes < most_bytes && rows.executeStep()) {
    // The clock may have been set back during the first rows.
    if (out.size() >= fewest_rows && time_at(rows.getColumn(1)) >= before) break;
    record one{spec.name, bytes_at(rows.getColumn(2)), bytes_at(rows.getColumn(3)), {}};
    bytes += one.key.size() + one.value.size();
    out.push_back({rows.getColumn(0).getInt64(), spec.repeats(one)});
  }
  return out;
}

repeat_remover::slice repeat_remover::take_rows(std::int64_t start,
                                                std::chrono::milliseconds longest) {
  auto until = std::chrono::steady_clock::now() + longest;
  slice out;
  auto row = next_row_;
  SQLite::Transaction all(db_, SQLite::TransactionBehavior::IMMEDIATE);
  bool late = false;
  while (row < rows_.size() && !late) {
    const auto& [offset, mark] = rows_[row++];
    late = std::chrono::steady_clock::now() >= until;
    // The record may have expired since it was read.
    if (!mark || offset < start) continue;
    auto kept = find(*mark, start);
    if (auto gone = local::take_in(kept, {mark->time, offset})) {
      out.removed.push_back(erase(*gone));
    }
    put(*mark, *kept);
  }
  auto reached = rows_[row - 1].offset + 1;
  auto& set_next = sql_->set_next;
  set_next.reset();
  set_next.bind(1, number_);
  set_next.bind(2, reached);
  set_next.exec();
  all.commit();
  next_ = reached;
  next_row_ = row;
  out.more = true;
  return out;
}

std::optional<kept_repeats> repeat_remover::find(const repeat_mark& mark, std::int64_t start) {
  auto& find = sql_->find;
  find.reset();
  bind_said(find, mark);
  std::optional<kept_repeats> out;
  if (find.executeStep()) {
    repeat oldest{time_at(find.getColumn(0)), find.getColumn(1).getInt64()};
    repeat newest{time_at(find.getColumn(2)), find.getColumn(3).getInt64()};
    out = local::kept_from(start, {oldest, newest});
  }
  find.reset();
  return out;
}

void repeat_remover::put(const repeat_mark& mark, const kept_repeats& kept) {
  auto& put = sql_->put;
  put.reset();
  bind_said(put, mark);
  put.bind(2, static_cast<std::int64_t>(kept.oldest.time.time_since_epoch().count()));
  put.bind(3, kept.oldest.offset);
  put.bind(4, static_cast<std::int64_t>(kept.newest.time.time_since_epoch().count()));
  put.bind(5, kept.newest.offset);
  put.exec();
}

removed_row repeat_remover::erase(std::int64_t offset) {
  auto& erase = sql_->erase;
  erase.reset();
  erase.bind(1, offset);
  removed_row out{offset, 0};
  if (erase.executeStep()) out.bytes = erase.getColumn(0).getInt64();
  erase.reset();
  return out;
}

/// Deletes marks whose records have expired; returns true if there is more to do. A pass reads the
/// whole table, so it waits until the offsets that expired since the last pass exceed half of the
/// processed offsets that are left.
bool repeat_remover::forget_some(std::int64_t start) {
  if (forgotten_said_.empty() && start - forgotten_to_ <= (next_ - start) / 2) return false;
  auto& some = sql_->forget;
  some.reset();
  some.bindNoCopy(1, forgotten_said_.data(), static_cast<int>(forgotten_said_.size()));
  some.bind(2, mark_slice_rows);
  some.bind(3, start);
  std::vector<std::string> gone;
  std::string last;
  while (some.executeStep()) {
    last = bytes_at(some.getColumn(0));
    if (some.getColumn(1).getInt() != 0) gone.push_back(last);
  }
  some.reset();
  SQLite::Transaction all(db_, SQLite::TransactionBehavior::IMMEDIATE);
  SQLite::Statement erase(db_, "DELETE FROM " + marks_of(number_) + " WHERE said=?");
  for (const auto& said : gone) {
    erase.reset();
    erase.bind(1, said.data(), static_cast<int>(said.size()));
    erase.exec();
  }
  all.commit();
  forgotten_said_ = last;
  if (last.empty()) forgotten_to_ = start;
  return !last.empty();
}

}  // namespace sonde::queue::embedded
