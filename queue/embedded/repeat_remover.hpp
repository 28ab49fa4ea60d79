#pragma once

#include "queue/embedded/database.hpp"
#include "queue/embedded/errand.hpp"
#include "queue/local/repeats.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sonde::queue::embedded {

/// Deletes, slice by slice, the repeats in one log of a queue file, as `topic_spec::repeats`
/// defines them.
///
/// Examines each record once, on the background thread and on a separate connection, because
/// parsing a record takes longer than deleting it. A table of the file stores which records are
/// kept for each `repeat_mark::said`, about 50 bytes each. Another table stores how far the removal
/// has come. Both are written on the writer's thread and connection. Throws SQLite's exceptions;
/// the call that throws has changed nothing.
class repeat_remover {
 public:
  /// Uses `background` for the work outside the writer's thread; `spec` outlives this object.
  repeat_remover(SQLite::Database& db, std::filesystem::path file, std::int64_t number,
                 const topic_spec& spec, executor background);

  struct slice {
    std::vector<removed_row> removed;
    bool more = false;
    bool waits = false;  ///< more work follows once the next records are examined
  };
  /// Deletes some repeats among the records that were appended before `before`, once enough records
  /// are old enough. Takes about `longest`.
  [[nodiscard]] slice remove_some(wall_time before, std::chrono::milliseconds longest);

 private:
  struct marked_row {
    std::int64_t offset = 0;
    std::optional<repeat_mark> mark;
  };
  using marked_rows = std::vector<marked_row>;
  struct statements {
    statements(SQLite::Database& db, const std::string& log, const std::string& table);
    SQLite::Statement time_at;
    SQLite::Statement find;
    SQLite::Statement put;
    SQLite::Statement erase;
    SQLite::Statement set_next;
    SQLite::Statement start;
    SQLite::Statement forget;
  };

  static marked_rows look_at(const std::filesystem::path& file, std::int64_t number,
                             const topic_spec& spec, std::int64_t from, wall_time before);
  void open();
  [[nodiscard]] bool has_a_slice(wall_time before);
  [[nodiscard]] std::int64_t start_of_log();
  [[nodiscard]] slice take_rows(std::int64_t start, std::chrono::milliseconds longest);
  [[nodiscard]] std::optional<local::kept_repeats> find(const repeat_mark& mark,
                                                        std::int64_t start);
  void put(const repeat_mark& mark, const local::kept_repeats& kept);
  [[nodiscard]] removed_row erase(std::int64_t offset);
  [[nodiscard]] bool forget_some(std::int64_t start);

  SQLite::Database& db_;
  const std::filesystem::path file_;
  const std::int64_t number_;
  const topic_spec& spec_;
  std::unique_ptr<statements> sql_;  ///< created on first use
  errand<marked_rows> look_;
  marked_rows rows_;               ///< the rows examined last
  std::size_t next_row_ = 0;       ///< first row of `rows_` not processed
  std::int64_t next_ = 0;          ///< first record not processed
  std::int64_t forgotten_to_ = 0;  ///< start of the log at the last complete removal of marks
  std::string forgotten_said_;     ///< position of the current pass over the marks; empty: no pass
};

}  // namespace sonde::queue::embedded
