#include "queue/embedded/log_compactor.hpp"

#include <utility>

namespace sonde::queue::embedded {
log_compactor::slice log_compactor::remove_some(wall_time before, int rows) {
  slice out;
  if (reached_ == 0) {
    if (!is_worth_a_pass(before)) return out;
    before_ = before;
  }
  SQLite::Statement next(
      db_, "SELECT offset, time FROM " + table_ + " WHERE offset >= ? ORDER BY offset LIMIT ?");
  next.bind(1, reached_);
  next.bind(2, rows);
  std::int64_t last = -1;
  std::int64_t looked_at = 0;
  // Stops at the first row that is too young. A condition on the time would make SQLite search the
  // rest of the log for more rows.
  while (next.executeStep() && time_at(next.getColumn(1)) < before_) {
    last = next.getColumn(0).getInt64();
    ++looked_at;
  }
  next.reset();
  if (last < 0) {
    // The pass is complete. The next pass starts at the front, because newer keys supersede older
    // rows.
    clean_to_ = std::exchange(reached_, 0);
    clean_rows_ = std::exchange(kept_rows_, 0);
    return out;
  }
  SQLite::Statement erase(
      db_, "DELETE FROM " + table_ +
               " AS old WHERE offset BETWEEN ? AND ? AND EXISTS (SELECT 1 FROM " + table_ +
               " AS new WHERE new.key=old.key AND new.offset>old.offset)"
               " RETURNING offset, " +
               row_bytes);
  erase.bind(1, reached_);
  erase.bind(2, last);
  // The statement commits with its last step.
  while (erase.executeStep())
    out.removed.push_back({erase.getColumn(0).getInt64(), erase.getColumn(1).getInt64()});
  kept_rows_ += looked_at - static_cast<std::int64_t>(out.removed.size());
  reached_ = last + 1;
  out.more = true;
  return out;
}

/// Returns true if a new pass is worthwhile. A pass reads the whole log, so it waits until the new
/// rows that are old enough amount to half of the rows that the last pass left.
bool log_compactor::is_worth_a_pass(wall_time before) {
  SQLite::Statement last(
      db_, "SELECT time FROM " + table_ + " WHERE offset >= ? ORDER BY offset LIMIT 1");
  last.bind(1, clean_to_ + clean_rows_ / 2);
  return last.executeStep() && time_at(last.getColumn(0)) < before;
}

}  // namespace sonde::queue::embedded
