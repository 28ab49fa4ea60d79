#include "queue/embedded/log_copier.hpp"

#include "queue/errc.hpp"

#include <sqlite3.h>

#include <utility>

namespace sonde::queue::embedded {
namespace {

/// New pages in the WAL that start a copy: 16 MiB.
constexpr int pages_at_once = 4096;
/// The WAL restarts at its beginning after this many pages, 64 MiB. To do so the writer copies the
/// remaining pages. A writer that is faster than the disk waits for that.
constexpr int most_pages = 4 * pages_at_once;

result<> copy_log_of(const std::filesystem::path& file) {
  return guarded(file, [&]() -> result<> {
    SQLite::Database db(file.string(), SQLite::OPEN_READWRITE);
    db.exec("PRAGMA wal_checkpoint(PASSIVE)");
    return {};
  });
}

}  // namespace

log_copier::log_copier(std::filesystem::path file, SQLite::Database& db, executor background)
    : file_(std::move(file)), db_(db), copy_(std::move(background)) {
  sqlite3_wal_hook(db_.getHandle(), &count_pages, this);
}

int log_copier::count_pages(void* self, sqlite3*, const char*, int pages) {
  auto& its = *static_cast<log_copier*>(self);
  its.pages_ = pages;
  // The WAL has restarted at its beginning.
  if (pages < its.copied_) its.copied_ = 0;
  return SQLITE_OK;
}

result<> log_copier::copy_if_due(bool tidied) {
  if (copy_.under_way() && pages_ - copied_ >= most_pages) copy_.wait();
  if (auto outcome = copy_.fetch()) {
    given_back_ += *outcome ? 0 : copying_given_back_;
    if (*outcome && pages_ >= most_pages) {
      copied_ = pages_;
      *outcome = copy_rest();
    }
    if (!*outcome && outcome->error().code == make_error_code(errc::broken)) return *outcome;
  }
  bool shorter = given_back_ >= (tidied ? 1 : pages_at_once);
  bool is_long = pages_ - copied_ >= pages_at_once;
  if (copy_.under_way() || !(is_long || shorter)) return {};
  copying_given_back_ = std::exchange(given_back_, 0);
  copied_ = pages_;
  copy_.begin([file = file_] { return copy_log_of(file); });
  return {};
}

/// Copies the pages that were written during the copy, which are few. No write runs now, so the
/// whole WAL has been copied afterwards, and the next write restarts it at its beginning.
result<> log_copier::copy_rest() {
  int status = sqlite3_wal_checkpoint_v2(db_.getHandle(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                         nullptr, nullptr);
  if (status == SQLITE_OK) return {};
  return error_of(SQLite::Exception(db_.getHandle(), status), file_);
}

}  // namespace sonde::queue::embedded
