#include "tls/self_signature.hpp"

#include "tls/openssl.hpp"

namespace sonde::tls {

bool verifies_with_own_key(library& openssl, std::string_view der) {
  // d2i_X509 keeps the library context of the object that it fills, and frees the object on
  // failure.
  X509* decoded = X509_new_ex(openssl.get().context.get(), nullptr);
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  if (d2i_X509(&decoded, &bytes, static_cast<long>(der.size())) == nullptr) decoded = nullptr;
  x509_ptr owner(decoded);
  EVP_PKEY* key = decoded == nullptr ? nullptr : X509_get0_pubkey(decoded);
  bool verified = key != nullptr && X509_verify(decoded, key) == 1;
  ERR_clear_error();
  return verified;
}

}  // namespace sonde::tls
