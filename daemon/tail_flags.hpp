#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "client/tail_range.hpp"

#include <CLI/App.hpp>

#include <optional>
#include <string>

namespace sonde::daemon {

/// A time in RFC 3339 in UTC, with milliseconds or without, or an age, as in `10m`: the time so
/// long before `now`.
[[nodiscard]] result<wall_time> parse_time_or_age(const std::string& text, wall_time now);

/// Adds a flag whose value is a time or an age, counted from `now`. `into` outlives `to`.
CLI::Option* add_time_flag(CLI::App* to, const std::string& flag, std::optional<wall_time>& into,
                           wall_time now, const std::string& description);

/// `17`: an offset of every partition. `2:17`: one of partition 2.
[[nodiscard]] result<client::tail_offset> parse_tail_offset(const std::string& text);

/// Adds the flags of `sonde topic tail` that say which records it prints. `into` outlives `tail`.
/// Ages are counted from `now`.
void add_tail_flags(CLI::App* tail, client::tail_options& into, wall_time now);

/// An error where flags contradict each other in a way that CLI11 does not know of.
[[nodiscard]] result<> check_tail_options(const client::tail_options& options);

}  // namespace sonde::daemon
