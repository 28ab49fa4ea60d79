#pragma once

#include "queue/embedded/database.hpp"
#include "queue/local/repeats.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace sonde::queue::embedded {

/// Removes from one log of a queue file what `topic_spec::repeats` calls a repeat, a slice at a
/// time.
///
/// Each record is looked at once: which records stay of each `repeat_mark::said` is kept in a table
/// of the file, about 50 bytes each, and how far this has come in another. On the writer's thread
/// and connection; throws SQLite's exceptions, and has changed nothing then.
class repeat_remover {
 public:
  repeat_remover(SQLite::Database& db, std::int64_t number, const topic_spec& spec);

  struct removed_row {
    std::int64_t offset = 0;
    std::int64_t bytes = 0;  ///< of its key, value and headers
  };
  struct slice {
    std::vector<removed_row> removed;
    bool more = false;
  };
  /// Looks at the next records that were appended before `before`, once there are enough of them,
  /// at one at least and for about `longest`.
  [[nodiscard]] slice remove_some(wall_time before, std::chrono::milliseconds longest);

 private:
  struct statements {
    statements(SQLite::Database& db, const std::string& log, const std::string& table);
    SQLite::Statement time_at;
    SQLite::Statement rows;
    SQLite::Statement find;
    SQLite::Statement put;
    SQLite::Statement erase;
    SQLite::Statement set_next;
    SQLite::Statement start;
    SQLite::Statement forget;
  };

  void open();
  [[nodiscard]] bool has_a_slice(wall_time before);
  [[nodiscard]] std::int64_t start_of_log();
  [[nodiscard]] std::optional<local::kept_repeats> find(const repeat_mark& mark,
                                                        std::int64_t start);
  void put(const repeat_mark& mark, const local::kept_repeats& kept);
  [[nodiscard]] removed_row erase(std::int64_t offset);
  [[nodiscard]] bool forget_some(std::int64_t start);

  SQLite::Database& db_;
  const std::int64_t number_;
  const topic_spec& spec_;
  std::unique_ptr<statements> sql_;  ///< made when they are needed first
  std::int64_t next_ = 0;            ///< the first record that has not been looked at
  std::int64_t forgotten_to_ = 0;    ///< rows of the table that point before it only are gone
  std::string forgotten_said_;       ///< how far the pass under way has come; empty: there is none
};

}  // namespace sonde::queue::embedded
