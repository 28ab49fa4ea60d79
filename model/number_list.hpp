#pragma once

#include "model/scan_task.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::model {

/// The text form of a set of numbers from 1 to 65,535, as the cursors of a sweep hold it.
///
/// `22,80-90` like a port set, or `bits:` and the base64 (RFC 4648, section 4) of a bitmap,
/// whichever is shorter. In the bitmap, bit i of byte j (the lowest bit is bit 0) stands for the
/// number 8 j + i + 1. The longest text has `longest_number_list` bytes.
[[nodiscard]] std::string number_list(std::vector<std::uint16_t> numbers);

/// Reads either form; the numbers ascend. Nothing for any other text.
[[nodiscard]] std::optional<std::vector<std::uint16_t>> parse_number_list(std::string_view text);

/// 65,535 bits in base64, and the prefix.
inline constexpr std::size_t longest_number_list = 5 + 10'924;

/// The cursor in at most `most_bytes` of JSON, its braces and names included. Its index moves back
/// as far as that needs, at the most to zero: ports beyond the index are probed again, and no port
/// is skipped.
[[nodiscard]] sweep_cursor coarser(sweep_cursor cursor, std::size_t most_bytes);

}  // namespace sonde::model
