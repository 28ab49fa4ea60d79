#pragma once

#include "model/scan/scan_task.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::model {

/// Returns the text form of a set of numbers from 1 to 65,535, as the cursors of a sweep contain
/// it.
///
/// The form is `22,80-90` like a port set, or `bits:` and the base64 (RFC 4648, section 4) of a
/// bitmap, whichever is shorter. In the bitmap, bit i of byte j (bit 0 is the lowest bit) stands
/// for the number 8 j + i + 1. The longest text has `longest_number_list` bytes.
[[nodiscard]] std::string number_list(std::vector<std::uint16_t> numbers);

/// Parses either form into ascending numbers. Returns nullopt for any other text.
[[nodiscard]] std::optional<std::vector<std::uint16_t>> parse_number_list(std::string_view text);

/// The size of 65,535 bits in base64, plus the prefix.
inline constexpr std::size_t longest_number_list = 5 + 10'924;

/// Returns the cursor in at most `most_bytes` of JSON, including braces and names. Moves its index
/// back as far as necessary, at most to zero. Ports beyond the index are probed again, and no port
/// is skipped.
[[nodiscard]] sweep_cursor coarser(sweep_cursor cursor, std::size_t most_bytes);

}  // namespace sonde::model
