#include "net/tls_stream.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <array>
#include <new>

namespace sonde {
namespace {

constexpr const char* ciphers_of_1_2 = "ECDHE+AESGCM:ECDHE+CHACHA20";
/// The bytes of a subject that are shown.
constexpr std::size_t most_subject_bytes = 200;

using bio_ptr = std::unique_ptr<BIO, destroy_by<BIO_free_all>>;
using names_ptr = std::unique_ptr<GENERAL_NAMES, destroy_by<GENERAL_NAMES_free>>;

std::string text_of(const ASN1_STRING* value) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
          static_cast<std::size_t>(ASN1_STRING_length(value))};
}

names_ptr alternative_names(X509* certificate) {
  return names_ptr(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
}

std::string address_text(const ASN1_STRING* value) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  int family = ASN1_STRING_length(value) == 4 ? AF_INET : AF_INET6;
  bool whole = family == AF_INET || ASN1_STRING_length(value) == 16;
  if (!whole) return {};
  inet_ntop(family, ASN1_STRING_get0_data(value), text.data(), text.size());
  return text.data();
}

}  // namespace

tls_stream::tls_stream(ssl_context context, int descriptor)
    : context_(std::move(context)), ssl_(SSL_new(context_.get())) {
  if (!ssl_ || SSL_set_fd(ssl_.get(), descriptor) != 1) throw std::bad_alloc();
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_verify(ssl_.get(), SSL_get_verify_mode(ssl_.get()), note_refusal);
  if (SSL_is_server(ssl_.get()) == 1) {
    SSL_set_accept_state(ssl_.get());
  } else {
    SSL_set_connect_state(ssl_.get());
  }
}

byte_stream::step tls_stream::open() {
  ERR_clear_error();
  return step_of(SSL_do_handshake(ssl_.get()), 0);
}

byte_stream::step tls_stream::read(std::span<char> into) {
  if (broken_) return {outcome::over};
  ERR_clear_error();
  std::size_t size = 0;
  auto returned = SSL_read_ex(ssl_.get(), into.data(), into.size(), &size);
  return step_of(returned, size);
}

byte_stream::step tls_stream::write(std::string_view bytes) {
  if (broken_ || SSL_is_init_finished(ssl_.get()) == 0) return {outcome::over};
  ERR_clear_error();
  std::size_t size = 0;
  auto returned = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &size);
  return step_of(returned, size);
}

bool tls_stream::holds_more() const {
  return SSL_has_pending(ssl_.get()) == 1;
}

void tls_stream::close() {
  if (broken_ || SSL_is_init_finished(ssl_.get()) == 0) return;
  ERR_clear_error();
  (void)SSL_shutdown(ssl_.get());
}

byte_stream::step tls_stream::step_of(int returned, std::size_t size) {
  if (returned == 1) return {outcome::done, size};
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ: return {outcome::wait_read};
    case SSL_ERROR_WANT_WRITE: return {outcome::wait_write};
    case SSL_ERROR_ZERO_RETURN: return {outcome::over};
    default: break;
  }
  broken_ = true;
  met_plain_http_ = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
  if (const auto* reason = ERR_reason_error_string(ERR_peek_error());
      remark_.empty() && reason != nullptr) {
    remark_ = reason;
  }
  return {outcome::over};
}

/// OpenSSL calls this for each defect of a chain. The first defect is enough.
int tls_stream::note_refusal(int fine, X509_STORE_CTX* verified) noexcept {
  if (fine == 1) return 1;
  auto index = SSL_get_ex_data_X509_STORE_CTX_idx();
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(verified, index));
  auto* link = static_cast<tls_stream*>(SSL_get_app_data(ssl));
  link->refused_ = true;
  link->remark_ =
      link->complaint(X509_STORE_CTX_get_error(verified), X509_STORE_CTX_get0_cert(verified));
  return 0;
}

std::string tls_stream::complaint(int why, X509* shown) const {
  return std::string(X509_verify_cert_error_string(why)) + ": " + subject_of(shown);
}

ssl_context make_ssl_context(const SSL_METHOD* method) {
  ssl_context out(SSL_CTX_new(method), SSL_CTX_free);
  auto* context = out.get();
  if (context == nullptr) throw std::bad_alloc();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, ciphers_of_1_2);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  return out;
}

std::string subject_of(X509* certificate) {
  bio_ptr into(BIO_new(BIO_s_mem()));
  if (!into || certificate == nullptr) return "an unknown certificate";
  X509_NAME_print_ex(into.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  auto size = BIO_get_mem_data(into.get(), &text);
  std::string out(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  if (out.empty()) out = "a certificate without a subject";
  if (out.size() > most_subject_bytes) {
    out.resize(most_subject_bytes);
    out += "...";
  }
  return out;
}

std::vector<std::string> dns_names_of(X509* certificate) {
  std::vector<std::string> out;
  auto names = alternative_names(certificate);
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const auto* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) out.push_back(text_of(name->d.dNSName));
  }
  return out;
}

std::vector<std::string> addresses_of(X509* certificate) {
  std::vector<std::string> out;
  auto names = alternative_names(certificate);
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const auto* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_IPADD) out.push_back(address_text(name->d.iPAddress));
  }
  return out;
}

std::vector<std::string> common_names_of(X509* certificate) {
  std::vector<std::string> out;
  const auto* subject = X509_get_subject_name(certificate);
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;) {
    unsigned char* text = nullptr;
    auto size =
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (size < 0) continue;
    out.emplace_back(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
    OPENSSL_free(text);
  }
  return out;
}

std::string newest_tls_error() {
  const auto* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason == nullptr ? std::string() : " (" + std::string(reason) + ")";
}

}  // namespace sonde
