#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

/// Reading of DER, the encoding of certificates (X.690). Nothing here owns the bytes it looks at.
namespace sonde::tls::der {

/// Identifier octets (X.690, section 8.1.2) of the universal types that certificates hold.
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

/// The identifier octet of `[number]`, number below 31; plus `constructed` where it holds elements.
constexpr std::uint8_t context(unsigned number) {
  return static_cast<std::uint8_t>(0x80U | number);
}
constexpr std::uint8_t context_constructed(unsigned number) {
  return static_cast<std::uint8_t>(0xA0U | number);
}

/// One element: identifier, length, contents.
struct element {
  std::uint8_t tag = 0;      ///< the first identifier octet
  std::string_view content;  ///< what the length covers
  std::string_view whole;    ///< with identifier and length
};

/// Walks elements that stand one after another.
///
/// As lenient as can be without guessing: lengths may be longer than needed, or indefinite.
/// `is_strict_der` is the judge of style.
class reader {
 public:
  explicit reader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  /// What has not been read yet.
  [[nodiscard]] std::string_view rest() const { return rest_; }

  /// The next element; nothing at the end, or where none can be decoded.
  std::optional<element> next();
  /// The next element if it has this identifier octet; otherwise nothing is read.
  std::optional<element> next(std::uint8_t tag);

 private:
  std::string_view rest_;
};

/// The one element that `bytes` consists of, if it has this identifier octet.
[[nodiscard]] std::optional<element> only(std::string_view bytes, std::uint8_t tag);

/// A non-negative INTEGER's contents without leading zeros, and how many bits that is.
[[nodiscard]] std::string_view magnitude(std::string_view integer);
[[nodiscard]] std::uint32_t bit_length(std::string_view integer);
/// An INTEGER's contents as a number, or nothing where it is negative or over 32 bits.
[[nodiscard]] std::optional<std::uint32_t> to_uint32(std::string_view integer);

/// Whether `bytes` is one element in the only form that DER allows: shortest lengths, shortest
/// integers and object identifiers, TRUE as FF, strings in one piece, unused bits zero, sets in
/// order, times in UTC to the second. Looks into what is constructed, not into OCTET STRINGs.
[[nodiscard]] bool is_strict_der(std::string_view bytes);

}  // namespace sonde::tls::der
