#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "queue/local/layout.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <vector>

/// SQLite as this folder uses it. Only sources of this folder include this header, so that no other
/// folder sees an SQLite type.
namespace sonde::queue::embedded {

inline constexpr const char* file_name = "queue.db";
/// `Sond`, stored in the header of every queue file (SQLite's `application_id`).
inline constexpr int application_id = 0x536f6e64;
inline constexpr int schema_version = 1;

/// Converts an SQLite exception to an error of this folder. The error distinguishes faults of the
/// disk, faults of the file, and failures after which the written data are unknown.
[[nodiscard]] error error_of(const SQLite::Exception& e, const std::filesystem::path& file);

/// Runs `work`, which may throw SQLite's exceptions. Returns its result, or the exception as an
/// error.
template <class Work>
auto guarded(const std::filesystem::path& file, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const SQLite::Exception& e) {
    return error_of(e, file);
  }
}

/// The database, and the number in the file of each log of the layout.
struct opened_database {
  std::unique_ptr<SQLite::Database> db;
  std::vector<std::int64_t> numbers;
  std::string identity;  ///< random id, created with the file
};

/// Opens the file for its only writer. Creates the file and every topic that it lacks.
[[nodiscard]] result<opened_database> open_for_writing(const std::filesystem::path& file,
                                                       const local::layout& layout);

/// Opens an existing file for reading, next to a writer or alone.
[[nodiscard]] result<opened_database> open_for_reading(const std::filesystem::path& file,
                                                       const local::layout& layout);

/// Returns the name of the table that holds the records of the log with this number.
[[nodiscard]] std::string table_of(std::int64_t number);

/// SQL for the size of a row in bytes: the same number that was counted when the row was appended.
/// SQLite evaluates it from the row's header alone.
inline constexpr const char* row_bytes = "length(key) + length(value) + length(headers)";

/// Returns the value of a `time` column: when the record was appended.
[[nodiscard]] inline wall_time time_at(const SQLite::Column& column) {
  return wall_time(std::chrono::milliseconds(column.getInt64()));
}

/// A row that maintenance has deleted.
struct removed_row {
  std::int64_t offset = 0;
  std::int64_t bytes = 0;  ///< counted as in `row_bytes`
};

}  // namespace sonde::queue::embedded
