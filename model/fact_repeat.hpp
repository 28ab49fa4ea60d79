#pragma once

#include "base/record.hpp"

#include <optional>

namespace sonde::model {

/// Which records of `entities` and `associations` are repeats of each other: those that say the
/// same of one thing, by one source, to the same groups. An entity says attributes, tags,
/// reputation and the like; an association that the edge is there. When it was seen, by which scan
/// and on what evidence are no part of it: of these the newest counts. Nothing for a record that is
/// not one of these, or has no time.
[[nodiscard]] std::optional<repeat_mark> repeat_of(const record& fact);

}  // namespace sonde::model
