#include "tls/library.hpp"

#include "tls/openssl.hpp"

#include <stdexcept>
#include <string>

namespace sonde::tls {
namespace {

/// Excludes the anonymous suites: mail servers prefer them, and then present no certificate.
constexpr const char* cipher_list = "ALL:eNULL:!aNULL:@SECLEVEL=0";
constexpr const char* group_list = "X25519:P-256:P-384:P-521";

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("OpenSSL could not ") + what);
}

/// Accepts every chain. With SSL_VERIFY_NONE alone OpenSSL would still build and check the chain.
int believe_any_chain(X509_STORE_CTX* /*store*/, void* /*arg*/) {
  return 1;
}

}  // namespace

library::library() : native_(std::make_unique<native>()) {
  native_->context.reset(OSSL_LIB_CTX_new());
  require(native_->context != nullptr, "make a library context");
  native_->client.reset(SSL_CTX_new_ex(native_->context.get(), nullptr, TLS_client_method()));
  SSL_CTX* client = native_->client.get();
  require(client != nullptr, "make a client context");
  require(SSL_CTX_set_cipher_list(client, cipher_list) == 1, "set the cipher list");
  require(SSL_CTX_set1_groups_list(client, group_list) == 1, "set the groups");
  require(SSL_CTX_set_min_proto_version(client, TLS1_VERSION) == 1, "set the lowest version");
  require(SSL_CTX_set_max_proto_version(client, TLS1_3_VERSION) == 1, "set the highest version");
  SSL_CTX_set_options(client, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                  SSL_OP_NO_RENEGOTIATION | SSL_OP_TLSEXT_PADDING);
  SSL_CTX_set_mode(client, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(client, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(client, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_cert_verify_callback(client, believe_any_chain, nullptr);
  ERR_clear_error();
}

library::~library() = default;

}  // namespace sonde::tls
