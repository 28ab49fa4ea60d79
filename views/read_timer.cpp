#include "views/read_timer.hpp"

#include "views/read_budget.hpp"

#include <sqlite3.h>

namespace sonde::views {
namespace {

/// SQLite VM instructions between two clock checks: about 100 us.
constexpr int instructions_per_check = 5'000;
/// The mask for the primary result code: `SQLITE_INTERRUPT` is the low byte of an extended code.
constexpr int primary_code = 0xff;

}  // namespace

read_timer::read_timer(SQLite::Database& db, steady_time deadline,
                       std::chrono::milliseconds cpu_time)
    : db_(db), deadline_(deadline), end_(thread_cpu_time() + cpu_time) {
  sqlite3_progress_handler(db_.getHandle(), instructions_per_check, check, this);
}

read_timer::~read_timer() {
  sqlite3_progress_handler(db_.getHandle(), 0, nullptr, nullptr);
}

int read_timer::check(void* timer) {
  const auto& self = *static_cast<read_timer*>(timer);
  bool late = thread_cpu_time() > self.end_ || std::chrono::steady_clock::now() > self.deadline_;
  return late ? 1 : 0;
}

bool read_timer::is_interruption(const SQLite::Exception& e) {
  return (e.getErrorCode() & primary_code) == SQLITE_INTERRUPT;
}

}  // namespace sonde::views
