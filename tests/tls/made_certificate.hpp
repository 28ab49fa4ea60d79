#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

struct evp_pkey_st;

/// Certificates made by OpenSSL, as the reference for the values of the fields.
namespace sonde::test {

enum class key_kind { rsa_1024, rsa_2048, p256, p384, ed25519 };

/// A private key. Copies share it.
class signing_key {
 public:
  /// The single key of this kind in the process. The process shares it because RSA key generation
  /// is slow.
  [[nodiscard]] static const signing_key& of(key_kind kind);

  [[nodiscard]] evp_pkey_st* get() const { return key_.get(); }
  /// SubjectPublicKeyInfo in DER.
  [[nodiscard]] std::string spki() const;

 private:
  explicit signing_key(key_kind kind);
  std::shared_ptr<evp_pkey_st> key_;
};

/// The content of a certificate. Names are (short name, value) in the order of encoding. Extensions
/// are written as in openssl.cnf.
struct recipe {
  using pairs = std::vector<std::pair<std::string, std::string>>;

  pairs subject = {{"C", "AT"}, {"O", "Sonde"}, {"CN", "leaf.example"}};
  pairs issuer = {{"C", "AT"}, {"CN", "Test CA"}};
  key_kind key = key_kind::p256;
  key_kind issuer_key = key_kind::p384;
  std::string digest = "SHA256";  ///< empty for Ed25519
  std::string serial = "0102030405060708";
  std::string not_before = "20260101000000Z";
  std::string not_after = "20261231235959Z";
  pairs extensions = {};
};

/// The DER of a certificate with the content `what`.
[[nodiscard]] std::string make_certificate(const recipe& what);
/// A certificate that names itself as issuer and verifies itself.
[[nodiscard]] std::string make_self_signed(recipe what);

}  // namespace sonde::test
