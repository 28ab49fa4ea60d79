#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sonde {

/// Stands for bytes that are not UTF-8.
inline constexpr std::int32_t replacement_character = 0xFFFD;

/// The first code point of a text. `point` is -1, and `size` 1, for a byte that does not begin one.
struct utf8_point {
  std::int32_t point = -1;
  std::size_t size = 1;
};

/// Decodes the beginning of a text that is not empty (RFC 3629). Refuses overlong forms,
/// surrogates and numbers above U+10FFFF.
[[nodiscard]] utf8_point next_point(std::string_view text);
/// Appends a code point; U+FFFD for a number that is not one.
void append_point(std::string& out, std::int32_t point);

[[nodiscard]] bool is_utf8(std::string_view text);
/// Returns the bytes as UTF-8. Each invalid byte is replaced by U+FFFD.
[[nodiscard]] std::string to_utf8(std::string_view bytes);

}  // namespace sonde
