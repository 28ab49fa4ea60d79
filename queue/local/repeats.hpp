#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <optional>

namespace sonde::queue::local {

/// One of the records that say the same.
struct repeat {
  wall_time time{};  ///< that the record tells
  std::int64_t offset = 0;
};

/// The two of them that stay; they may be one and the same.
struct kept_repeats {
  repeat oldest;
  repeat newest;
};

/// Takes in the record that comes next in the log, and returns the offset of the one that nobody
/// needs any more. Of two with the same time the one further on is the newer.
///
/// A fold that takes its values from the earliest or the latest record, or adds to a set, comes to
/// the same without it: one that says the same is older, and one is newer and further on. A record
/// that comes late, with a time between the two, stays.
[[nodiscard]] std::optional<std::int64_t> take_in(std::optional<kept_repeats>& kept, repeat next);

/// What is left of them in a log that begins at `start`.
[[nodiscard]] std::optional<kept_repeats> kept_from(std::int64_t start, const kept_repeats& kept);

}  // namespace sonde::queue::local
