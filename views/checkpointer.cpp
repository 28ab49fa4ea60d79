#include "views/checkpointer.hpp"

#include "base/async/run_on.hpp"

#include <sqlite3.h>

#include <cstdint>
#include <exception>
#include <string>

namespace sonde::views {
namespace {

/// New pages in the WAL that start a copy: 16 MiB. Keys are hashes, so each batch touches pages
/// across the whole file. The longer pages accumulate, the fewer are copied.
constexpr int checkpoint_pages = 4096;
/// The WAL cannot restart at its beginning while a reader is always active. Above this size the
/// writer waits for the readers, up to the busy timeout, and the WAL file shrinks again.
constexpr std::int64_t longest_log_bytes = 64 << 20;

/// Copies the WAL. Returns the error text, or an empty string.
std::string copy_log_of(const std::filesystem::path& file) {
  try {
    SQLite::Database db(file.string(), SQLite::OPEN_READWRITE);
    db.exec("PRAGMA wal_checkpoint(PASSIVE)");
    return {};
  } catch (const std::exception& e) {
    return e.what();
  }
}

}  // namespace

checkpointer::checkpointer(std::filesystem::path file, logger& log)
    : file_(std::move(file)), log_(log) {}

void checkpointer::watch(SQLite::Database& db) {
  db_ = &db;
  pages_ = copied_ = 0;
  db.exec("PRAGMA journal_size_limit=" + std::to_string(longest_log_bytes));
  sqlite3_wal_hook(db.getHandle(), &note_pages, this);
  loop_.start();
}

int checkpointer::note_pages(void* self, sqlite3*, const char*, int pages) {
  auto& its = *static_cast<checkpointer*>(self);
  its.pages_ = pages;
  // The WAL has restarted at its beginning.
  if (pages < its.copied_) its.copied_ = 0;
  return SQLITE_OK;
}

bool checkpointer::is_due() const {
  return !copying_ && pages_ - copied_ >= checkpoint_pages;
}

awaitable<void> checkpointer::copy() {
  copying_ = true;
  return copy_twice();
}

awaitable<void> checkpointer::copy_twice() {
  auto work = [file = file_] { return copy_log_of(file); };
  auto reason = co_await run_on(loop_.get_executor(), std::move(work));
  if (reason.empty()) {
    copy_rest();
  } else {
    log_.warning("copying the log of a view into its file failed", {{"reason", reason}});
  }
  copied_ = pages_;
  copying_ = false;
}

/// Copies the pages that were written during the copy, which are few. No write runs now, so the
/// whole WAL has been copied afterwards, and the next write restarts it at its beginning.
void checkpointer::copy_rest() {
  std::error_code none;
  auto bytes = std::filesystem::file_size(file_.string() + "-wal", none);
  bool too_long = !none && bytes > static_cast<std::uintmax_t>(longest_log_bytes);
  try {
    db_->exec(too_long ? "PRAGMA wal_checkpoint(TRUNCATE)" : "PRAGMA wal_checkpoint(PASSIVE)");
  } catch (const SQLite::Exception& e) {
    log_.warning("copying the last pages of a view's log failed; the log is not restarted",
                 {{"reason", e.what()}});
  }
}

}  // namespace sonde::views
