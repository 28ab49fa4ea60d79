#pragma once

#include "base/async/event_loop.hpp"
#include "base/log.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>

struct sqlite3;

namespace sonde::views {

/// Copies a view's write-ahead log into its file, most of it on a thread of its own: who waits for
/// the fold seldom waits for the disk as well. This folder's own.
///
/// Lives on the view's loop, as does the connection that it watches. https://sqlite.org/wal.html
class checkpointer {
 public:
  checkpointer(std::filesystem::path file, logger& log);

  /// Counts what this connection writes; it makes no checkpoints by itself from here on. It is
  /// there for as long as this is, or until another one is watched.
  void watch(SQLite::Database& db);
  /// Whether the log has grown long since it was last copied.
  [[nodiscard]] bool is_due() const;
  /// Copies it. To be awaited before the connection is closed.
  awaitable<void> copy();

 private:
  static int note_pages(void* self, sqlite3*, const char*, int pages);
  awaitable<void> copy_twice();
  void copy_rest();

  std::filesystem::path file_;
  logger& log_;
  SQLite::Database* db_ = nullptr;
  int pages_ = 0;   ///< in the log
  int copied_ = 0;  ///< of them, when it was last copied; they stay where a reader needs them
  bool copying_ = false;
  event_loop loop_{"view-log"};
};

}  // namespace sonde::views
