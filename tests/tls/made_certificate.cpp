#include "tests/tls/made_certificate.hpp"

#include "tls/openssl.hpp"

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace sonde::test {
namespace {

void must(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("the test could not ") + what);
}

EVP_PKEY* make_key(key_kind kind) {
  switch (kind) {
    case key_kind::rsa_1024: return EVP_RSA_gen(1024);
    case key_kind::rsa_2048: return EVP_RSA_gen(2048);
    case key_kind::p256: return EVP_EC_gen("P-256");
    case key_kind::p384: return EVP_EC_gen("P-384");
    case key_kind::ed25519: return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  }
  return nullptr;
}

void fill(X509_NAME* name, const recipe::pairs& parts) {
  for (const auto& [type, value] : parts) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(value.data());
    must(X509_NAME_add_entry_by_txt(name, type.c_str(), MBSTRING_UTF8, bytes,
                                    static_cast<int>(value.size()), -1, 0) == 1,
         "fill a name");
  }
}

void add_extensions(X509* certificate, const recipe::pairs& extensions) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  for (const auto& [id, value] : extensions) {
    X509_EXTENSION* one = X509V3_EXT_nconf(nullptr, &context, id.c_str(), value.c_str());
    must(one != nullptr, ("make the extension " + id).c_str());
    must(X509_add_ext(certificate, one, -1) == 1, "add an extension");
    X509_EXTENSION_free(one);
  }
}

}  // namespace

signing_key::signing_key(key_kind kind) : key_(make_key(kind), EVP_PKEY_free) {
  must(key_ != nullptr, "make a key");
}

const signing_key& signing_key::of(key_kind kind) {
  static std::vector<std::pair<key_kind, std::unique_ptr<signing_key>>> made;
  for (const auto& [of_kind, key] : made) {
    if (of_kind == kind) return *key;
  }
  made.emplace_back(kind, std::unique_ptr<signing_key>(new signing_key(kind)));
  return *made.back().second;
}

std::string signing_key::spki() const {
  unsigned char* bytes = nullptr;
  int size = i2d_PUBKEY(key_.get(), &bytes);
  must(size > 0, "encode a key");
  std::string out(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return out;
}

std::string make_certificate(const recipe& what) {
  tls::x509_ptr certificate(X509_new());
  X509* x = certificate.get();
  BIGNUM* serial = nullptr;
  must(BN_hex2bn(&serial, what.serial.c_str()) > 0, "read a serial number");
  BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x));
  BN_free(serial);
  X509_set_version(x, X509_VERSION_3);
  fill(X509_get_subject_name(x), what.subject);
  fill(X509_get_issuer_name(x), what.issuer);
  must(ASN1_TIME_set_string_X509(X509_getm_notBefore(x), what.not_before.c_str()) == 1 &&
           ASN1_TIME_set_string_X509(X509_getm_notAfter(x), what.not_after.c_str()) == 1,
       "set the validity");
  X509_set_pubkey(x, signing_key::of(what.key).get());
  add_extensions(x, what.extensions);
  const EVP_MD* digest = what.digest.empty() ? nullptr : EVP_get_digestbyname(what.digest.c_str());
  must(X509_sign(x, signing_key::of(what.issuer_key).get(), digest) > 0, "sign a certificate");
  unsigned char* bytes = nullptr;
  int size = i2d_X509(x, &bytes);
  must(size > 0, "encode a certificate");
  std::string out(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return out;
}

std::string make_self_signed(recipe what) {
  what.issuer = what.subject;
  what.issuer_key = what.key;
  if (what.key == key_kind::ed25519) what.digest.clear();
  return make_certificate(what);
}

}  // namespace sonde::test
