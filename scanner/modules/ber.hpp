#pragma once

#include "scanner/modules/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sonde::scanner {

/// A length that no response has. `byte_reader::take` fails with it.
inline constexpr std::size_t unknown_ber_length = static_cast<std::size_t>(-1);

/// Reads the length of an element (X.690, section 8.1.3) of at most four octets; the indefinite
/// form and longer ones are `unknown_ber_length`.
[[nodiscard]] std::size_t read_ber_length(byte_reader& read);

/// Reads the next element, whatever its tag. Returns its contents.
std::string_view read_ber_element(byte_reader& read);

/// Reads the next element and returns its contents. The read fails if it has another tag.
std::string_view read_ber_element(byte_reader& read, std::uint8_t tag);

/// Returns true if an element with this tag follows.
[[nodiscard]] bool ber_element_follows(const byte_reader& read, std::uint8_t tag);

/// An element in the definite form. Its contents have at most 65,535 bytes.
[[nodiscard]] std::string ber_element(std::uint8_t tag, std::string_view contents);

}  // namespace sonde::scanner
