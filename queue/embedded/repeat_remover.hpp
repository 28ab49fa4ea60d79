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

/// Removes from one log of a queue file what `topic_spec::repeats` calls a repeat, a slice at a
/// time.
///
/// Each record is looked at once, beside the writer and on a connection of its own: to read what a
/// record says takes longer than to remove it. Which records stay of each `repeat_mark::said` is
/// kept in a table of the file, about 50 bytes each, and how far this has come in another. These
/// are written on the writer's thread and connection. Throws SQLite's exceptions, and has changed
/// nothing then.
class repeat_remover {
 public:
  /// `background` runs what is done beside the writer; `spec` outlives this.
  repeat_remover(SQLite::Database& db, std::filesystem::path file, std::int64_t number,
                 const topic_spec& spec, executor background);

  struct slice {
    std::vector<removed_row> removed;
    bool more = false;
    bool waits = false;  ///< there will be more once the next records have been looked at
  };
  /// Removes some of what records that were appended before `before` repeat, once there are enough
  /// of them, for about `longest`.
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
  std::unique_ptr<statements> sql_;  ///< made when they are needed first
  errand<marked_rows> look_;
  marked_rows rows_;               ///< what was looked at last, and
  std::size_t next_row_ = 0;       ///< the first of it that has not been dealt with
  std::int64_t next_ = 0;          ///< the first record that has not been dealt with
  std::int64_t forgotten_to_ = 0;  ///< rows of the table that point before it only are gone
  std::string forgotten_said_;     ///< how far the pass under way has come; empty: there is none
};

}  // namespace sonde::queue::embedded
