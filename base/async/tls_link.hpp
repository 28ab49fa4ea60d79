#pragma once

#include "base/async/byte_link.hpp"
#include "base/destroy_by.hpp"

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

namespace sonde {

using ssl_context = std::shared_ptr<SSL_CTX>;

/// One end of an encrypted connection, whichever. It shows OpenSSL and stays inside this folder.
///
/// A certificate of the peer's that is not trusted ends the handshake with the alert that says why
/// (RFC 8446, section 6.2), and `remark` has it in words. Nothing is read or written before the
/// handshake has ended well.
class tls_link : public byte_link {
 public:
  /// Its end of the handshake is the context's.
  tls_link(ssl_context context, int descriptor);

  step open() override;
  step read(std::span<char> into) override;
  step write(std::string_view bytes) override;
  [[nodiscard]] bool holds_more() const override;
  void close() override;
  proof proved() override { return refused_ ? proof::refused : proof::none; }
  [[nodiscard]] bool met_plain_http() const override { return met_plain_http_; }
  [[nodiscard]] std::string remark() const override { return remark_; }

 protected:
  [[nodiscard]] SSL* ssl() const { return ssl_.get(); }
  /// Why a certificate (none: that of no peer) is not trusted, by OpenSSL's number for it.
  [[nodiscard]] virtual std::string complaint(int why, X509* shown) const;
  void set_remark(std::string remark) { remark_ = std::move(remark); }

 private:
  static int note_refusal(int fine, X509_STORE_CTX* verified) noexcept;
  step judge(int returned, std::size_t size);

  ssl_context context_;
  std::unique_ptr<SSL, destroy_by<SSL_free>> ssl_;
  std::string remark_;
  bool refused_ = false;
  bool met_plain_http_ = false;
  bool broken_ = false;  ///< after a fatal error nothing more may be said
};

/// What every context here is: TLS 1.2 or newer, forward secret ciphers with authenticated
/// encryption, no renegotiation, no compression, no session kept. Throws when memory is short.
[[nodiscard]] ssl_context make_ssl_context(const SSL_METHOD* method);

/// Whom a certificate is for, as one line that is fit for a terminal.
[[nodiscard]] std::string subject_of(X509* certificate);

/// The DNS names among a certificate's alternative names (RFC 5280, section 4.2.1.6), as they
/// stand there.
[[nodiscard]] std::vector<std::string> dns_names_of(X509* certificate);
/// Its addresses, as text.
[[nodiscard]] std::vector<std::string> addresses_of(X509* certificate);
/// The common names of its subject.
[[nodiscard]] std::vector<std::string> common_names_of(X509* certificate);

/// OpenSSL's own words for what has just failed, in brackets behind a space; or nothing.
[[nodiscard]] std::string newest_tls_error();

}  // namespace sonde
