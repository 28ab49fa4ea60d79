#pragma once

#include "base/clock.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

namespace sonde::views {

/// Converts a column of milliseconds to a time. `named_statement` writes such columns.
[[nodiscard]] inline wall_time time_in(const SQLite::Column& column) {
  return wall_time(std::chrono::milliseconds(column.getInt64()));
}

}  // namespace sonde::views
