#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <optional>

namespace sonde::queue::local {

/// One of several records with the same content.
struct repeat {
  wall_time time{};  ///< the time that the record reports
  std::int64_t offset = 0;
};

/// The two records that are kept; they may be the same record.
struct kept_repeats {
  repeat oldest;
  repeat newest;
};

/// Takes in the next record of the log, and returns the offset of the record that has become
/// redundant, if any. Of two records with the same time, the one with the higher offset is newer.
///
/// Removing that record does not change a fold that takes its values from the earliest or the
/// latest record or adds to a set: a record with the same content is older, and another one is
/// newer and has a higher offset. A late record with a time between the two is kept.
[[nodiscard]] std::optional<std::int64_t> take_in(std::optional<kept_repeats>& kept, repeat next);

/// Returns the part of `kept` that is left in a log that begins at `start`.
[[nodiscard]] std::optional<kept_repeats> kept_from(std::int64_t start, const kept_repeats& kept);

}  // namespace sonde::queue::local
