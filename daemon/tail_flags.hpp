#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "client/tail_range.hpp"

#include <CLI/App.hpp>

#include <optional>
#include <string>

namespace sonde::daemon {

/// Adds a flag whose value is a moment (`parse_moment`). `into` outlives `to`.
CLI::Option* add_time_flag(CLI::App* to, const std::string& flag, std::optional<wall_time>& into,
                           wall_time now, const std::string& description);

/// Parses an offset: `17` for every partition, `2:17` for partition 2.
[[nodiscard]] result<client::tail_offset> parse_tail_offset(const std::string& text);

/// Adds the flags of `sonde topic tail` that select records. `into` outlives `tail`. Ages are
/// counted from `now`.
void add_tail_flags(CLI::App* tail, client::tail_options& into, wall_time now);

/// Checks for flags that contradict each other in a way that CLI11 does not detect.
[[nodiscard]] result<> check_tail_options(const client::tail_options& options);

}  // namespace sonde::daemon
