#include "net/tls_server.hpp"

#include "net/client_certificates.hpp"
#include "net/tls_stream.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <ctime>
#include <fstream>
#include <mutex>
#include <new>

namespace sonde {
namespace {

constexpr std::string_view protocol = "\x08http/1.1";

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  unsigned char* found = nullptr;
  auto result =
      SSL_select_next_proto(&found, size, reinterpret_cast<const unsigned char*>(protocol.data()),
                            static_cast<unsigned>(protocol.size()), offered, offered_size);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int no_passphrase(char*, int, int, void*) {
  return -1;
}

error wrong(const std::string& setting, const std::string& file, const std::string& what) {
  return error{boost::system::errc::make_error_code(boost::system::errc::invalid_argument),
               setting + ": " + file + " " + what + newest_tls_error()};
}

result<ssl_context> make_context(const std::string& certificate, const std::string& key) {
  constexpr const char* certificate_setting = "http.tls_certificate";
  constexpr const char* key_setting = "http.tls_key";
  ERR_clear_error();
  for (const auto& [setting, file] :
       {std::pair(certificate_setting, certificate), std::pair(key_setting, key)}) {
    if (!std::ifstream(file)) return wrong(setting, file, "cannot be read");
  }
  auto out = make_ssl_context(TLS_server_method());
  auto* context = out.get();
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
    return wrong(certificate_setting, certificate, "has no usable certificate in PEM");
  }
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return wrong(key_setting, key,
                 "has no key in PEM, without a passphrase, for the certificate in " + certificate);
  }
  return out;
}

using rules_pointer = std::shared_ptr<const client_certificates>;

bool in_time(const certificate_chain& chain) {
  for (int i = 0; i < sk_X509_num(chain.get()); ++i) {
    if (X509_cmp_current_time(X509_get0_notAfter(sk_X509_value(chain.get(), i))) <= 0) return false;
  }
  return true;
}

}  // namespace

struct tls_server::state {
  mutable std::mutex changing;
  ssl_context context;
  rules_pointer gateways;  ///< null: no client certificate is requested

  [[nodiscard]] ssl_context shown() const {
    std::scoped_lock reading(changing);
    return context;
  }
  [[nodiscard]] rules_pointer gateways_now() const {
    std::scoped_lock reading(changing);
    return gateways;
  }
};

/// Checks its peer at the first call of `proved`, and again when the rules have changed since.
class tls_server::link final : public tls_stream {
 public:
  link(ssl_context context, int descriptor, std::shared_ptr<const state> from)
      : tls_stream(std::move(context), descriptor), from_(std::move(from)) {}

  proof proved() override {
    auto broken = tls_stream::proved();
    auto* shown = SSL_get0_peer_certificate(ssl());
    if (broken != proof::none || shown == nullptr) return broken;
    auto rules = from_->gateways_now();
    if (rules != checked_by_) {
      proved_ = rules ? rules->check(ssl(), chain_) : proof::none;
      checked_by_ = std::move(rules);
      if (proved_ == proof::certified) set_remark(subject_of(shown));
    }
    return proved_ != proof::none && in_time(chain_) ? proved_ : proof::none;
  }

 private:
  std::shared_ptr<const state> from_;
  rules_pointer checked_by_;
  certificate_chain chain_;
  proof proved_ = proof::none;
};

tls_server::tls_server(std::shared_ptr<state> loaded) : state_(std::move(loaded)) {}

tls_server::~tls_server() = default;

result<std::unique_ptr<tls_server>> tls_server::load(tls_server_settings from) {
  auto context = make_context(from.certificate, from.key);
  if (!context) return context.error();
  auto loaded = std::make_shared<state>();
  loaded->context = std::move(*context);
  if (!from.gateway_ca.empty()) {
    auto rules = client_certificates::load(from.gateway_ca, std::move(from.gateway_names));
    if (!rules) return rules.error();
    (*rules)->demand_of(loaded->context.get(), from.client_chain_bytes);
    loaded->gateways = std::move(*rules);
  }
  return std::unique_ptr<tls_server>(new tls_server(std::move(loaded)));
}

void tls_server::take_over(const tls_server& fresh) {
  std::scoped_lock both(state_->changing, fresh.state_->changing);
  state_->context = fresh.state_->context;
  state_->gateways = fresh.state_->gateways;
}

std::unique_ptr<byte_stream> tls_server::accept(int descriptor) const {
  ssl_context context;
  {
    std::scoped_lock reading(state_->changing);
    context = state_->context;
  }
  return std::make_unique<link>(std::move(context), descriptor, state_);
}

wall_time tls_server::expires() const {
  auto shown = state_->shown();
  std::tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(shown.get())), &time) != 1) {
    return wall_time{};
  }
  return std::chrono::time_point_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::from_time_t(timegm(&time)));
}

std::string tls_server::certificate() const {
  auto shown = state_->shown();
  std::unique_ptr<BIO, destroy_by<BIO_free_all>> into(BIO_new(BIO_s_mem()));
  if (!into || PEM_write_bio_X509(into.get(), SSL_CTX_get0_certificate(shown.get())) != 1) {
    throw std::bad_alloc();
  }
  char* text = nullptr;
  auto size = BIO_get_mem_data(into.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace sonde
