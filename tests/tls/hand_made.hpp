#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

/// DER put together by hand: for what OpenSSL refuses to write.
namespace sonde::test {

/// One element, its length in the shortest form.
[[nodiscard]] std::string tlv(std::uint8_t tag, std::string_view content);
[[nodiscard]] std::string sequence(std::initializer_list<std::string> elements);
[[nodiscard]] std::string oid(std::string_view dotted);
/// Bytes from hexadecimal digits; blanks between them are skipped.
[[nodiscard]] std::string from_hex(std::string_view digits);

/// A Name of one RDN each for (attribute type, string's tag, its contents).
struct attribute {
  std::string type;
  std::uint8_t tag;
  std::string content;
};
[[nodiscard]] std::string name(std::initializer_list<attribute> attributes);
[[nodiscard]] std::string extension(std::string_view id, const std::string& value,
                                    bool critical = false);

/// A certificate whose parts are whole elements, each replaceable by anything. Its signature is
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
  std::string key;        ///< RSA, 2048 bits, all of them ones
  std::vector<std::string> extensions;
};

}  // namespace sonde::test
