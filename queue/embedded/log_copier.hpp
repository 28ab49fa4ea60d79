#pragma once

#include "base/result.hpp"
#include "queue/embedded/database.hpp"
#include "queue/embedded/errand.hpp"

#include <filesystem>

struct sqlite3;

namespace sonde::queue::embedded {

/// Copies the write-ahead log (WAL) into the queue file on the background thread, so that no
/// producer waits until 16 MiB reach the disk. https://sqlite.org/wal.html
///
/// Lives on the writer's thread. Registers a hook on the connection to count pages; the connection
/// outlives this object.
class log_copier {
 public:
  log_copier(std::filesystem::path file, SQLite::Database& db, executor background);
  log_copier(const log_copier&) = delete;
  log_copier& operator=(const log_copier&) = delete;

  /// Notes that `pages` pages were given back to the file system. The file shrinks when the part of
  /// the WAL that records this is copied.
  void note_given_back(int pages) { given_back_ += pages; }
  /// Starts a copy of the new part of the WAL if it is due, and restarts the WAL if it is long.
  /// Called after every transaction. `tidied`: no more pages are given back for now.
  ///
  /// A copy that fails because the disk is full or the file is busy is repeated after as many new
  /// pages. Returns `errc::broken` if an fsync failed: the state of the file is then unknown.
  [[nodiscard]] result<> copy_if_due(bool tidied);

 private:
  static int count_pages(void* self, sqlite3*, const char*, int pages);
  [[nodiscard]] result<> copy_rest();

  std::filesystem::path file_;
  SQLite::Database& db_;
  int pages_ = 0;               ///< in the WAL
  int copied_ = 0;              ///< of `pages_`, when the last copy began
  int given_back_ = 0;          ///< pages given back since the last copy began
  int copying_given_back_ = 0;  ///< pages given back before that
  errand<result<>> copy_;
};

}  // namespace sonde::queue::embedded
