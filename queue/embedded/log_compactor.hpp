#pragma once

#include "base/clock.hpp"
#include "queue/embedded/database.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sonde::queue::embedded {

/// Removes from one log of a queue file the rows whose key has a newer row, a slice at a time.
///
/// A pass reads the whole log up to the first row that was too young when the pass began. Passes
/// are made when enough rows have become old enough since the last one. Lives on the writer's
/// thread; the connection outlives it. Throws SQLite's exceptions, and has changed nothing then.
class log_compactor {
 public:
  log_compactor(SQLite::Database& db, std::int64_t number) : db_(db), table_(table_of(number)) {}

  struct slice {
    std::vector<removed_row> removed;
    bool more = false;  ///< the pass has not ended
  };
  /// Looks at the next `rows` rows, and removes those of them that are superseded. Rows that were
  /// appended at or after `before` stay.
  [[nodiscard]] slice remove_some(wall_time before, int rows);

 private:
  [[nodiscard]] bool is_worth_a_pass(wall_time before);

  SQLite::Database& db_;
  const std::string table_;
  std::int64_t reached_ = 0;     ///< how far the pass under way has come; 0: there is none
  wall_time before_{};           ///< of the pass under way
  std::int64_t kept_rows_ = 0;   ///< what the pass has left so far
  std::int64_t clean_to_ = 0;    ///< how far the last whole pass came
  std::int64_t clean_rows_ = 0;  ///< and what it left
};

}  // namespace sonde::queue::embedded
