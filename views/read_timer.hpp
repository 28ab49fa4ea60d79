#pragma once

#include "base/clock.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <chrono>

namespace sonde::views {

/// Interrupts statements of one connection when a read takes too long. Internal to this folder.
///
/// During its lifetime, a statement that runs past the deadline, or past `cpu_time` of the calling
/// thread, fails with `SQLITE_INTERRUPT`. Used on the reading thread.
class read_timer {
 public:
  read_timer(SQLite::Database& db, steady_time deadline, std::chrono::milliseconds cpu_time);
  ~read_timer();
  read_timer(const read_timer&) = delete;
  read_timer& operator=(const read_timer&) = delete;

  /// Returns whether an exception is the failure of an interrupted statement.
  [[nodiscard]] static bool is_interruption(const SQLite::Exception& e);

 private:
  static int check(void* timer);

  SQLite::Database& db_;
  steady_time deadline_;
  std::chrono::nanoseconds end_;
};

}  // namespace sonde::views
