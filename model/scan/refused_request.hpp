#pragma once

#include "base/clock.hpp"
#include "base/record.hpp"
#include "model/scan/scan_request.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace sonde::model {

/// Reads a record of `scan.requests` that `parse_scan_request` has refused with `why`. Reads as
/// much as is necessary to end its generation as `failed`, with `why` as the reason.
///
/// The request must identify its task: by a `key` that equals the record's key, and by a
/// `generation`, or by an `id` of this key. `known` is the highest generation of the key. The id of
/// a generation far beyond it is not found. A value that is not a JSON object stands for the first
/// generation, if the key has none. Returns nullopt if no task is identified, or if the request
/// refers to an existing scan.
///
/// An unreadable target becomes `unreadable.invalid` (RFC 6761, section 6.4), and an unreadable
/// profile becomes `unreadable`. An unreadable visibility becomes the empty set.
[[nodiscard]] std::optional<scan_request> read_refused_request(const record& from,
                                                               const std::string& why,
                                                               std::uint64_t known, wall_time now);

}  // namespace sonde::model
