#pragma once

#include "base/clock.hpp"
#include "queue/embedded/database.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sonde::queue::embedded {

/// Deletes, slice by slice, the rows of one log of a queue file whose key has a newer row.
///
/// A pass reads the whole log up to the first row that was too young when the pass began. A pass
/// starts when enough rows have become old enough since the last one. Lives on the writer's thread;
/// the connection outlives it. Throws SQLite's exceptions; the call that throws has changed
/// nothing.
class log_compactor {
 public:
  log_compactor(SQLite::Database& db, std::int64_t number) : db_(db), table_(table_of(number)) {}

  struct slice {
    std::vector<removed_row> removed;
    bool more = false;  ///< the pass is not finished
  };
  /// Examines the next `rows` rows and deletes the superseded ones. Keeps rows that were appended
  /// at or after `before`.
  [[nodiscard]] slice remove_some(wall_time before, int rows);

 private:
  [[nodiscard]] bool is_worth_a_pass(wall_time before);

  SQLite::Database& db_;
  const std::string table_;
  std::int64_t reached_ = 0;     ///< offset that the current pass has reached; 0: no pass
  wall_time before_{};           ///< of the current pass
  std::int64_t kept_rows_ = 0;   ///< rows that the current pass has left
  std::int64_t clean_to_ = 0;    ///< offset that the last complete pass reached
  std::int64_t clean_rows_ = 0;  ///< rows that the last complete pass left
};

}  // namespace sonde::queue::embedded
