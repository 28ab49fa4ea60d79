#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

/// Hand-made DER, for structures that OpenSSL refuses to write.
namespace sonde::test {

/// One element with its length in the shortest form.
[[nodiscard]] std::string tlv(std::uint8_t tag, std::string_view content);
[[nodiscard]] std::string sequence(std::initializer_list<std::string> elements);
[[nodiscard]] std::string oid(std::string_view dotted);
/// Bytes from hexadecimal digits. Blanks between the digits are skipped.
[[nodiscard]] std::string from_hex(std::string_view digits);

/// A Name with one RDN for each attribute: (attribute type, tag of the string, its content).
struct attribute {
  std::string type;
  std::uint8_t tag;
  std::string content;
};
[[nodiscard]] std::string name(std::initializer_list<attribute> attributes);
[[nodiscard]] std::string extension(std::string_view id, const std::string& value,
                                    bool critical = false);

/// A certificate from whole elements. Every element can be replaced by any bytes. The signature is
/// zeros.
struct hand_made {
  hand_made();
  [[nodiscard]] std::string der() const;

  std::string version;    ///< 3
  std::string serial;     ///< 1
  std::string algorithm;  ///< sha256WithRSAEncryption
  std::string issuer;     ///< CN=issuer
  std::string validity;   ///< the year 2026
  std::string subject;    ///< CN=subject
  std::string key;        ///< RSA, 2048 bits, all ones
  std::vector<std::string> extensions;
};

}  // namespace sonde::test
