#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace sonde::test {

/// What OpenSSL says of a certificate, for comparison with what we say.
struct openssl_view {
  std::string md5, sha1, sha256, tbs_sha256, spki_sha256;
  std::string serial;   ///< hexadecimal, lower case
  std::string subject;  ///< RFC 2253, UTF-8
  std::string issuer;
  std::string not_before;  ///< RFC 3339; empty for what is no time
  std::string not_after;
  unsigned version = 0;
  unsigned key_bits = 0;
  std::optional<std::size_t> alternative_names;
  bool is_ca = false;
  bool encodes_alike = false;  ///< encoding it anew gives the same bytes
};

/// Nothing where OpenSSL does not take `der` for a certificate.
[[nodiscard]] std::optional<openssl_view> view_by_openssl(const std::string& der);

}  // namespace sonde::test
