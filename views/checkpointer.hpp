#pragma once

#include "base/async/event_loop.hpp"
#include "base/log.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>

struct sqlite3;

namespace sonde::views {

/// Copies a view's write-ahead log (WAL) into its file, mostly on a separate thread, so that
/// callers that wait for a fold seldom wait for the disk too. Internal to this folder.
///
/// Lives on the view's loop, as does the connection that it watches. https://sqlite.org/wal.html
class checkpointer {
 public:
  checkpointer(std::filesystem::path file, logger& log);

  /// Counts the pages that this connection writes; the connection makes no automatic checkpoints
  /// from now on. It must outlive this object, or the next call of `watch`.
  void watch(SQLite::Database& db);
  /// Returns whether the WAL has grown enough since the last copy.
  [[nodiscard]] bool is_due() const;
  /// Copies the WAL. Await it before the connection is closed.
  awaitable<void> copy();

 private:
  static int note_pages(void* self, sqlite3*, const char*, int pages);
  awaitable<void> copy_twice();
  void copy_rest();

  std::filesystem::path file_;
  logger& log_;
  SQLite::Database* db_ = nullptr;
  int pages_ = 0;   ///< in the WAL
  int copied_ = 0;  ///< of `pages_`, at the last copy; they remain while a reader needs them
  bool copying_ = false;
  event_loop loop_{"view-log"};
};

}  // namespace sonde::views
