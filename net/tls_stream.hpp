#pragma once

#include "base/destroy_by.hpp"
#include "net/byte_stream.hpp"

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

namespace sonde {

using ssl_context = std::shared_ptr<SSL_CTX>;

/// One end of a TLS connection (tls_stream), client or server. Exposes OpenSSL types, so it is used
/// only inside this folder.
///
/// A peer certificate that is not trusted ends the handshake with the alert for the reason (RFC
/// 8446, section 6.2). `remark` then has the reason as text. No data is read or written before the
/// handshake has succeeded.
class tls_stream : public byte_stream {
 public:
  /// The context decides whether this is the client's or the server's end.
  tls_stream(ssl_context context, int descriptor);

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
  /// The reason why a certificate is not trusted. `why` is OpenSSL's number for it; `shown` is null
  /// if the peer sent no certificate.
  [[nodiscard]] virtual std::string complaint(int why, X509* shown) const;
  void set_remark(std::string remark) { remark_ = std::move(remark); }

 private:
  static int note_refusal(int fine, X509_STORE_CTX* verified) noexcept;
  step step_of(int returned, std::size_t size);

  ssl_context context_;
  std::unique_ptr<SSL, destroy_by<SSL_free>> ssl_;
  std::string remark_;
  bool refused_ = false;
  bool met_plain_http_ = false;
  bool broken_ = false;  ///< after a fatal error nothing more may be sent
};

/// Makes a context with the settings common to both ends: TLS 1.2 or newer, ciphers with forward
/// secrecy and authenticated encryption, no renegotiation, no compression, no session cache. Throws
/// when memory is short.
[[nodiscard]] ssl_context make_ssl_context(const SSL_METHOD* method);

/// The subject of a certificate, as one line that is safe for a terminal.
[[nodiscard]] std::string subject_of(X509* certificate);

/// The DNS names among a certificate's alternative names (RFC 5280, section 4.2.1.6), unchanged.
[[nodiscard]] std::vector<std::string> dns_names_of(X509* certificate);
/// The IP addresses among a certificate's alternative names, as text.
[[nodiscard]] std::vector<std::string> addresses_of(X509* certificate);
/// The common names of a certificate's subject.
[[nodiscard]] std::vector<std::string> common_names_of(X509* certificate);

/// The text of OpenSSL's most recent error, in parentheses after a space, or an empty string.
[[nodiscard]] std::string newest_tls_error();

}  // namespace sonde
