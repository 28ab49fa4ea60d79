#include "tests/tls/openssl_view.hpp"

#include "base/ascii.hpp"
#include "base/hash.hpp"
#include "tls/openssl.hpp"

#include <openssl/x509v3.h>

#include <array>
#include <ctime>

namespace sonde::test {
namespace {

std::string digest(const X509* x, const EVP_MD* algorithm) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes;
  unsigned size = 0;
  X509_digest(x, algorithm, bytes.data(), &size);
  return to_hex(std::as_bytes(std::span(bytes).first(size)));
}

std::string name_text(const X509_NAME* name) {
  BIO* out = BIO_new(BIO_s_mem());
  X509_NAME_print_ex(out, name, 0,
                     XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  std::string text(BIO_ctrl_pending(out), '\0');
  BIO_read(out, text.data(), static_cast<int>(text.size()));
  BIO_free(out);
  return text;
}

std::string time_text(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  std::array<char, 32> text;
  auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  std::string out(text.data(), size);
  return std::string(20 - std::min<std::size_t>(20, out.size()), '0') + out;
}

std::string serial_text(const X509* x) {
  BIGNUM* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), nullptr);
  char* digits = BN_bn2hex(number);
  std::string out = ascii::lower_case(digits);
  OPENSSL_free(digits);
  BN_free(number);
  return out == "0" ? "00" : out;
}

template <class Encode>
std::string encoded(Encode encode) {
  unsigned char* bytes = nullptr;
  int size = encode(&bytes);
  if (size <= 0) return {};
  std::string out(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return out;
}

std::optional<std::size_t> count_alternative_names(const X509* x) {
  auto* names =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x, NID_subject_alt_name, nullptr, nullptr));
  if (names == nullptr) return std::nullopt;
  auto count = static_cast<std::size_t>(sk_GENERAL_NAME_num(names));
  GENERAL_NAMES_free(names);
  return count;
}

}  // namespace

std::optional<openssl_view> view_by_openssl(const std::string& der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  tls::x509_ptr owner(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
  ERR_clear_error();
  X509* x = owner.get();
  if (x == nullptr) return std::nullopt;
  openssl_view out;
  out.md5 = digest(x, EVP_md5());
  out.sha1 = digest(x, EVP_sha1());
  out.sha256 = digest(x, EVP_sha256());
  out.spki_sha256 = to_hex(sha256(
      encoded([&](unsigned char** to) { return i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), to); })));
  out.serial = serial_text(x);
  out.subject = name_text(X509_get_subject_name(x));
  out.issuer = name_text(X509_get_issuer_name(x));
  out.not_before = time_text(X509_get0_notBefore(x));
  out.not_after = time_text(X509_get0_notAfter(x));
  out.version = static_cast<unsigned>(X509_get_version(x)) + 1;
  EVP_PKEY* key = X509_get0_pubkey(x);
  out.key_bits = key == nullptr ? 0 : static_cast<unsigned>(EVP_PKEY_get_bits(key));
  out.alternative_names = count_alternative_names(x);
  out.is_ca = (X509_get_extension_flags(x) & EXFLAG_CA) != 0;
  // Encodes the signed part from its fields. From here on i2d_X509 does so too.
  out.tbs_sha256 =
      to_hex(sha256(encoded([&](unsigned char** to) { return i2d_re_X509_tbs(x, to); })));
  out.encodes_alike = encoded([&](unsigned char** to) { return i2d_X509(x, to); }) == der;
  ERR_clear_error();
  return out;
}

}  // namespace sonde::test
