#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace sonde::test {

/// OpenSSL's result for a certificate, for comparison.
struct openssl_view {
  std::string md5, sha1, sha256, tbs_sha256, spki_sha256;
  std::string serial;   ///< hexadecimal, lower case
  std::string subject;  ///< RFC 2253, UTF-8
  std::string issuer;
  std::string not_before;  ///< RFC 3339; empty if invalid
  std::string not_after;
  unsigned version = 0;
  unsigned key_bits = 0;
  std::optional<std::size_t> alternative_names;
  bool is_ca = false;
  bool encodes_alike = false;  ///< encoding it again gives the same bytes
};

/// No value if OpenSSL does not accept `der` as a certificate.
[[nodiscard]] std::optional<openssl_view> view_by_openssl(const std::string& der);

}  // namespace sonde::test
