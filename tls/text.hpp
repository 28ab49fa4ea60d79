#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::tls {

/// The bytes as UTF-8 (RFC 3629), each byte that is none replaced by U+FFFD.
[[nodiscard]] std::string to_utf8(std::string_view bytes);

/// What an ASN.1 string says, in UTF-8, given its identifier octet and contents; nothing for types
/// that hold no text. T61String is read as UTF-8 if it is, else as Latin-1: so it is written.
[[nodiscard]] std::optional<std::string> decode_string(std::uint8_t tag, std::string_view content);

/// UTF-8 with control characters as `\XX`, so that a NUL hides nothing, and `\` as `\\`.
[[nodiscard]] std::string visible(std::string_view utf8);

/// The same, with what RFC 4514, section 2.4, wants escaped in an attribute's value.
[[nodiscard]] std::string escaped_value(std::string_view utf8);

}  // namespace sonde::tls
