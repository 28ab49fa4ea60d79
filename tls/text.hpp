#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::tls {

/// Returns the text of an ASN.1 string in UTF-8, from its identifier octet and contents; nothing
/// for types without text. T61String is decoded as UTF-8 if it is valid, otherwise as Latin-1,
/// because issuers use both.
[[nodiscard]] std::optional<std::string> decode_string(std::uint8_t tag, std::string_view content);

/// Escapes control characters in UTF-8 as `\XX`, so that a NUL cannot hide text, and `\` as `\\`.
[[nodiscard]] std::string visible(std::string_view utf8);

/// Escapes also the characters that RFC 4514, section 2.4, requires in an attribute's value.
[[nodiscard]] std::string escaped_value(std::string_view utf8);

}  // namespace sonde::tls
