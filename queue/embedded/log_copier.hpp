#pragma once

#include "base/result.hpp"
#include "queue/embedded/database.hpp"
#include "queue/embedded/errand.hpp"

#include <filesystem>

struct sqlite3;

namespace sonde::queue::embedded {

/// Has the write-ahead log copied into the queue file by the thread beside the writer's, so that no
/// producer waits for sixteen megabytes to reach the disk. https://sqlite.org/wal.html
///
/// Lives on the writer's thread; the connection, which it makes count its pages, outlives it.
class log_copier {
 public:
  log_copier(std::filesystem::path file, SQLite::Database& db, executor background);
  log_copier(const log_copier&) = delete;
  log_copier& operator=(const log_copier&) = delete;

  /// So many pages have been given back: the file becomes shorter when the log, which says so, is
  /// copied.
  void note_given_back(int pages) { given_back_ += pages; }
  /// To be called after every transaction: has what is new in the log copied, and begins the log
  /// anew where it is long. `tidied`: no more pages are given back for now.
  ///
  /// A copy that fails for want of space or of quiet is made again when as much is new once more.
  /// `errc::broken` where an fsync has failed, which leaves the file in doubt.
  [[nodiscard]] result<> copy_if_due(bool tidied);

 private:
  static int count_pages(void* self, sqlite3*, const char*, int pages);
  [[nodiscard]] result<> copy_rest();

  std::filesystem::path file_;
  SQLite::Database& db_;
  int pages_ = 0;               ///< in the log
  int copied_ = 0;              ///< of them, when a copy was last begun
  int given_back_ = 0;          ///< since the last copy was begun, and
  int copying_given_back_ = 0;  ///< before that
  errand<result<>> copy_;
};

}  // namespace sonde::queue::embedded
