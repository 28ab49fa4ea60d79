#pragma once

#include "base/record.hpp"

#include <optional>

namespace sonde::model {

/// Returns the repeat mark of a record of `entities` or `associations`. Two records are repeats of
/// each other if one source asserts the same about one object, to the same groups. For an entity
/// the assertion includes attributes, tags, reputation and similar fields. For an association it is
/// the existence of the edge. The time, the scan and the evidence are not part of it: the newest
/// record replaces them. Returns nullopt for a record of another topic and for a record without a
/// time.
[[nodiscard]] std::optional<repeat_mark> repeat_of(const record& fact);

}  // namespace sonde::model
