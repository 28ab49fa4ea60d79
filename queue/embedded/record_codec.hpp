#pragma once

#include "base/record.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sonde::queue::embedded {

/// Headers as they stand in a row: of each the name's and the value's length as unsigned 32-bit
/// big-endian numbers, then both.
[[nodiscard]] std::string encode_headers(const record_headers& headers);
/// Fails for bytes that `encode_headers` cannot have made.
[[nodiscard]] result<record_headers> decode_headers(std::string_view bytes);

/// Of everything that makes a row this row and no other: a damaged byte, or a row that stands
/// where another one was, does not go unnoticed.
[[nodiscard]] std::uint32_t row_checksum(std::int64_t offset, std::string_view key,
                                         std::string_view value, std::string_view headers);

}  // namespace sonde::queue::embedded
