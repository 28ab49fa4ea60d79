#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "queue/local/layout.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <vector>

/// SQLite as it is used in this folder. Included by this folder's sources only: no other folder
/// sees an SQLite type.
namespace sonde::queue::embedded {

inline constexpr const char* file_name = "queue.db";
/// `Sond`, in the header of every queue file (SQLite's `application_id`).
inline constexpr int application_id = 0x536f6e64;
inline constexpr int schema_version = 1;

/// An exception of SQLite's as an error of this folder: which of them are the disk's, which
/// the file's, and which leave it unknown what has been written.
[[nodiscard]] error error_of(const SQLite::Exception& e, const std::filesystem::path& file);

/// Runs `work`, which may throw SQLite's exceptions, and returns what it returned or the error.
template <class Work>
auto guarded(const std::filesystem::path& file, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const SQLite::Exception& e) {
    return error_of(e, file);
  }
}

/// The database and, for each log of the layout, the number it has in the file.
struct opened_database {
  std::unique_ptr<SQLite::Database> db;
  std::vector<std::int64_t> numbers;
  std::string identity;  ///< made with the file, and never again the same
};

/// Opens the file for its one writer; makes it, and every topic that is missing in it.
[[nodiscard]] result<opened_database> open_for_writing(const std::filesystem::path& file,
                                                       const local::layout& layout);

/// Opens an existing file for reading, beside a writer or alone.
[[nodiscard]] result<opened_database> open_for_reading(const std::filesystem::path& file,
                                                       const local::layout& layout);

/// The table that holds the records of the log with this number.
[[nodiscard]] std::string table_of(std::int64_t number);

/// SQL for the bytes that a row counts for: the same as when it was appended. Reads only the row's
/// head.
inline constexpr const char* row_bytes = "length(key) + length(value) + length(headers)";

/// The value of a column `time`: when the record was appended.
[[nodiscard]] inline wall_time time_at(const SQLite::Column& column) {
  return wall_time(std::chrono::milliseconds(column.getInt64()));
}

/// A row that maintenance has removed.
struct removed_row {
  std::int64_t offset = 0;
  std::int64_t bytes = 0;  ///< as `row_bytes`
};

}  // namespace sonde::queue::embedded
