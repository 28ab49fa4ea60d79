#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

/// A reader of DER, the encoding of certificates (X.690). It does not own the bytes that it reads.
namespace sonde::tls::der {

/// Identifier octets (X.690, section 8.1.2) of the universal types that certificates contain.
enum tag : std::uint8_t {
  boolean = 0x01,
  integer = 0x02,
  bit_string = 0x03,
  octet_string = 0x04,
  object_identifier = 0x06,
  enumerated = 0x0A,
  utf8_string = 0x0C,
  numeric_string = 0x12,
  printable_string = 0x13,
  t61_string = 0x14,
  ia5_string = 0x16,
  utc_time = 0x17,
  generalized_time = 0x18,
  visible_string = 0x1A,
  universal_string = 0x1C,
  bmp_string = 0x1E,
  sequence = 0x30,
  set = 0x31,
};

inline constexpr std::uint8_t constructed = 0x20;

/// Returns the identifier octet of `[number]`, for a number below 31. `context_constructed` returns
/// it for an element that contains elements.
constexpr std::uint8_t context(unsigned number) {
  return static_cast<std::uint8_t>(0x80U | number);
}
constexpr std::uint8_t context_constructed(unsigned number) {
  return static_cast<std::uint8_t>(0xA0U | number);
}

/// One element: identifier, length, contents.
struct element {
  std::uint8_t tag = 0;      ///< the first identifier octet
  std::string_view content;  ///< the contents octets
  std::string_view whole;    ///< including identifier and length
};

/// Iterates over consecutive elements.
///
/// As lenient as possible without guessing: lengths may be longer than needed, or indefinite.
/// `is_strict_der` checks the strict form.
class reader {
 public:
  explicit reader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  /// Returns the bytes that are not read yet.
  [[nodiscard]] std::string_view rest() const { return rest_; }

  /// Returns the next element; nothing at the end, or if the element cannot be decoded.
  std::optional<element> next();
  /// Returns the next element if it has this identifier octet; otherwise reads nothing.
  std::optional<element> next(std::uint8_t tag);

 private:
  std::string_view rest_;
};

/// Returns the single element in `bytes`, if it has this identifier octet.
[[nodiscard]] std::optional<element> only(std::string_view bytes, std::uint8_t tag);

/// Return the contents of a non-negative INTEGER without leading zeros, and the number of bits.
[[nodiscard]] std::string_view magnitude(std::string_view integer);
[[nodiscard]] std::uint32_t bit_length(std::string_view integer);
/// Returns the value of an INTEGER, or nothing if it is negative or exceeds 32 bits.
[[nodiscard]] std::optional<std::uint32_t> to_uint32(std::string_view integer);

/// Returns whether `bytes` is one element in the only form that DER allows: shortest lengths,
/// shortest integers and object identifiers, TRUE as FF, strings in one piece, unused bits zero,
/// sets in order, times in UTC to the second. Checks the contents of constructed elements, not of
/// OCTET STRINGs.
[[nodiscard]] bool is_strict_der(std::string_view bytes);

}  // namespace sonde::tls::der
