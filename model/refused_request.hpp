#pragma once

#include "base/clock.hpp"
#include "base/record.hpp"
#include "model/scan_request.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace sonde::model {

/// Reads what can be read of a record of `scan.requests` that `parse_scan_request` has refused with
/// `why`: enough to end its generation as `failed`, with `why` as the reason.
///
/// The request has to name its task: by a `key` that is also the record's, and by a `generation`,
/// or an `id` of this key. `known` is the highest generation that the key has; the id of a
/// generation far beyond it is not found. A value that is no JSON object names the first
/// generation, of a key that has none. Nothing where no task is named, or the request is about a
/// scan that exists.
///
/// A target that cannot be read becomes `unreadable.invalid` (RFC 6761, section 6.4), a profile
/// `unreadable`; a visibility that cannot be read is nobody's.
[[nodiscard]] std::optional<scan_request> read_refused_request(const record& from,
                                                               const std::string& why,
                                                               std::uint64_t known, wall_time now);

}  // namespace sonde::model
