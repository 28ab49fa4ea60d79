#include "net/client_certificates.hpp"

#include "base/ascii.hpp"
#include "net/tls_stream.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <new>

namespace sonde {
namespace {

/// The limit of authorities between a client's certificate and a trusted one.
constexpr int most_intermediates = 8;
constexpr const char* any_name = "*";

using verification = std::unique_ptr<X509_STORE_CTX, destroy_by<X509_STORE_CTX_free>>;

error wrong_authorities(const std::string& file, const std::string& what) {
  return error{boost::system::errc::make_error_code(boost::system::errc::invalid_argument),
               "http.gateway_ca: " + file + " " + what + newest_tls_error()};
}

}  // namespace

result<std::shared_ptr<const client_certificates>> client_certificates::load(
    const std::string& file, std::vector<std::string> names) {
  ERR_clear_error();
  std::shared_ptr<client_certificates> out(new client_certificates());
  out->store_.reset(X509_STORE_new());
  if (!out->store_) throw std::bad_alloc();
  auto* authorities = SSL_load_client_CA_file(file.c_str());
  bool some = authorities != nullptr && sk_X509_NAME_num(authorities) > 0;
  sk_X509_NAME_pop_free(authorities, X509_NAME_free);
  if (!some || X509_STORE_load_file(out->store_.get(), file.c_str()) != 1) {
    return wrong_authorities(file, "cannot be read, or has no certificate in PEM");
  }
  X509_STORE_set_flags(out->store_.get(), X509_V_FLAG_PARTIAL_CHAIN);
  out->file_ = file;
  out->names_ = std::move(names);
  return std::shared_ptr<const client_certificates>(std::move(out));
}

void client_certificates::demand_of(SSL_CTX* context, std::uint32_t chain_bytes) const {
  static constexpr unsigned char session_context[] = "sonde";
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_verify_depth(context, most_intermediates);
  SSL_CTX_set1_verify_cert_store(context, store_.get());
  // The list tells clients which of their certificates to send.
  SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(file_.c_str()));
  SSL_CTX_set_max_cert_list(context, chain_bytes);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_id_context(context, session_context, sizeof session_context - 1);
}

byte_stream::proof client_certificates::check(SSL* peer, certificate_chain& chain) const {
  using proof = byte_stream::proof;
  auto* shown = SSL_get0_peer_certificate(peer);
  if (shown == nullptr) return proof::none;
  verification one(X509_STORE_CTX_new());
  bool ready =
      one &&
      X509_STORE_CTX_init(one.get(), store_.get(), shown, SSL_get_peer_cert_chain(peer)) == 1 &&
      X509_STORE_CTX_set_default(one.get(), "ssl_client") == 1;
  if (!ready) throw std::bad_alloc();
  auto* how = X509_STORE_CTX_get0_param(one.get());
  X509_VERIFY_PARAM_set_auth_level(how, SSL_get_security_level(peer));
  X509_VERIFY_PARAM_set_depth(how, most_intermediates);
  if (X509_verify_cert(one.get()) != 1) return proof::none;
  chain.reset(X509_STORE_CTX_get1_chain(one.get()));
  return lists(shown) ? proof::listed : proof::certified;
}

/// Does not expand wildcards: a wildcard in a certificate is for servers.
bool client_certificates::lists(X509* certificate) const {
  if (names_.size() == 1 && names_.front() == any_name) return true;
  auto names = dns_names_of(certificate);
  // An authority that checks DNS names need not have checked the subject (RFC 9525, 2).
  if (names.empty()) names = common_names_of(certificate);
  return std::ranges::any_of(names, [this](const std::string& name) {
    return std::ranges::any_of(
        names_, [&](const std::string& each) { return ascii::equal_ignoring_case(name, each); });
  });
}

}  // namespace sonde
