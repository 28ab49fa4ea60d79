#pragma once

#include "base/record.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sonde::queue::embedded {

/// Encodes headers for a row. Each header is the length of its name and the length of its value, as
/// unsigned 32-bit big-endian numbers, followed by the name and the value.
[[nodiscard]] std::string encode_headers(const record_headers& headers);
/// Decodes headers. Fails for bytes that `encode_headers` cannot have produced.
[[nodiscard]] result<record_headers> decode_headers(std::string_view bytes);

/// Computes a checksum of the row's offset and content. It detects a damaged byte, and a row in the
/// place of another row.
[[nodiscard]] std::uint32_t row_checksum(std::int64_t offset, std::string_view key,
                                         std::string_view value, std::string_view headers);

}  // namespace sonde::queue::embedded
