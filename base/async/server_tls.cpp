#include "base/async/server_tls.hpp"

#include "base/destroy_by.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <fstream>
#include <mutex>
#include <new>

namespace sonde {
namespace {

using context_ptr = std::shared_ptr<SSL_CTX>;
using ssl_ptr = std::unique_ptr<SSL, destroy_by<SSL_free>>;

constexpr const char* ciphers_of_1_2 = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr std::string_view protocol = "\x08http/1.1";

class tls_link final : public byte_link {
 public:
  tls_link(context_ptr context, int descriptor)
      : context_(std::move(context)), ssl_(SSL_new(context_.get())) {
    if (!ssl_ || SSL_set_fd(ssl_.get(), descriptor) != 1) throw std::bad_alloc();
    SSL_set_accept_state(ssl_.get());
  }

  step open() override {
    ERR_clear_error();
    return judge(SSL_do_handshake(ssl_.get()), 0);
  }

  step read(std::span<char> into) override {
    ERR_clear_error();
    std::size_t size = 0;
    auto result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &size);
    return judge(result, size);
  }

  step write(std::string_view bytes) override {
    if (SSL_is_init_finished(ssl_.get()) == 0) return {outcome::over};
    ERR_clear_error();
    std::size_t size = 0;
    auto result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &size);
    return judge(result, size);
  }

  [[nodiscard]] bool holds_more() const override { return SSL_has_pending(ssl_.get()) == 1; }

  void close() override {
    if (broken_ || SSL_is_init_finished(ssl_.get()) == 0) return;
    ERR_clear_error();
    (void)SSL_shutdown(ssl_.get());
  }

 private:
  step judge(int result, std::size_t size) {
    if (result == 1) return {outcome::done, size};
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ: return {outcome::wait_read};
      case SSL_ERROR_WANT_WRITE: return {outcome::wait_write};
      case SSL_ERROR_ZERO_RETURN: return {outcome::over};
      default: broken_ = true; return {outcome::over};
    }
  }

  context_ptr context_;
  ssl_ptr ssl_;
  bool broken_ = false;  ///< after a fatal error nothing more may be said
};

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
  const auto* reason = ERR_reason_error_string(ERR_peek_last_error());
  auto why = reason == nullptr ? std::string() : " (" + std::string(reason) + ")";
  return error{boost::system::errc::make_error_code(boost::system::errc::invalid_argument),
               setting + ": " + file + " " + what + why};
}

result<context_ptr> make_context(const std::string& certificate, const std::string& key) {
  constexpr const char* certificate_setting = "http.tls_certificate";
  constexpr const char* key_setting = "http.tls_key";
  ERR_clear_error();
  for (const auto& [setting, file] :
       {std::pair(certificate_setting, certificate), std::pair(key_setting, key)}) {
    if (!std::ifstream(file)) return wrong(setting, file, "cannot be read");
  }
  context_ptr out(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  auto* context = out.get();
  if (context == nullptr) throw std::bad_alloc();
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, ciphers_of_1_2);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
    return wrong(certificate_setting, certificate, "holds no certificate in PEM that can be used");
  }
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return wrong(key_setting, key,
                 "holds no key in PEM, without a passphrase, of the certificate in " + certificate);
  }
  return out;
}

}  // namespace

struct server_tls::state {
  mutable std::mutex changing;
  context_ptr context;
};

server_tls::server_tls(std::unique_ptr<state> loaded) : state_(std::move(loaded)) {}

server_tls::~server_tls() = default;

result<std::unique_ptr<server_tls>> server_tls::load(const std::string& certificate,
                                                     const std::string& key) {
  auto context = make_context(certificate, key);
  if (!context) return context.error();
  auto loaded = std::make_unique<state>();
  loaded->context = std::move(*context);
  return std::unique_ptr<server_tls>(new server_tls(std::move(loaded)));
}

void server_tls::take_over(const server_tls& fresh) {
  std::scoped_lock both(state_->changing, fresh.state_->changing);
  state_->context = fresh.state_->context;
}

std::unique_ptr<byte_link> server_tls::accept(int descriptor) const {
  context_ptr context;
  {
    std::scoped_lock reading(state_->changing);
    context = state_->context;
  }
  return std::make_unique<tls_link>(std::move(context), descriptor);
}

}  // namespace sonde
