#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <optional>
#include <string>

namespace sonde::daemon {

/// Reads a moment of the command line, to the millisecond:
///
/// * a time of RFC 3339 with its offset from UTC, with or without a fraction of a second, as in
///   `2026-11-22T06:29:41Z` or `2026-11-22T07:29:41.5+01:00`;
/// * a date, as in `2026-11-22`, which stands for its midnight in UTC;
/// * an age, as in `10s`, `5m`, `2h`, `7d` or `1w`: the time that much before `now`.
///
/// The error is `client::errc::usage` and names these forms.
[[nodiscard]] result<wall_time> parse_moment(const std::string& text, wall_time now);

/// Fails with `client::errc::usage` if both times are given and no moment is between them.
[[nodiscard]] result<> check_times(std::optional<wall_time> since, std::optional<wall_time> until);

/// Returns a note that no record can match yet if `since` is in the future; empty otherwise.
[[nodiscard]] std::string note_on_since(std::optional<wall_time> since, wall_time now);

}  // namespace sonde::daemon
