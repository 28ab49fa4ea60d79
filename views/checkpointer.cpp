#include "views/checkpointer.hpp"

#include "base/async/hop.hpp"

#include <sqlite3.h>

#include <cstdint>
#include <exception>
#include <string>

namespace sonde::views {
namespace {

/// Pages in the log before they are copied: 16 MiB. Keys are hashes, so each batch touches pages
/// all over the file; the longer they are gathered, the fewer are copied.
constexpr int checkpoint_pages = 4096;
/// Readers keep the log from being begun anew while there is always one at work. From here on they
/// are waited for, for so long, and the file shrinks again.
constexpr std::int64_t longest_log_bytes = 64 << 20;

/// What was the matter, if anything was.
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
  // The log has been begun anew.
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
  auto trouble = co_await call_on(loop_.get_executor(), std::move(work));
  if (trouble.empty()) {
    copy_rest();
  } else {
    log_.warning("a view's log cannot be copied into its file", {{"reason", trouble}});
  }
  copied_ = pages_;
  copying_ = false;
}

/// What was written meanwhile, which is little. Nothing is written now, so the whole log has been
/// copied then, and the next write begins it anew.
void checkpointer::copy_rest() {
  std::error_code none;
  auto bytes = std::filesystem::file_size(file_.string() + "-wal", none);
  bool too_long = !none && bytes > static_cast<std::uintmax_t>(longest_log_bytes);
  try {
    db_->exec(too_long ? "PRAGMA wal_checkpoint(TRUNCATE)" : "PRAGMA wal_checkpoint(PASSIVE)");
  } catch (const SQLite::Exception& e) {
    log_.warning("a view's log cannot be begun anew", {{"reason", e.what()}});
  }
}

}  // namespace sonde::views
