#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/byte_stream.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sonde {

/// The TLS settings of a server.
struct tls_server_settings {
  std::string certificate;  ///< PEM file, followed by the chain to its root
  std::string key;          ///< PEM file without a passphrase
  /// PEM file with the authorities of client certificates. Empty: no client certificate is
  /// requested.
  std::string gateway_ca = {};
  /// The listed client certificates, by DNS name. A certificate without a DNS name is matched by
  /// its common name. The comparison ignores letter case. A single `*` lists all of them.
  std::vector<std::string> gateway_names = {};
  std::uint32_t client_chain_bytes = 16'384;
};

/// A server's certificate and its TLS configuration: TLS 1.2 or newer, only ciphers with forward
/// secrecy, HTTP/1.1 if the client offers it by ALPN (RFC 7301), no renegotiation, no session
/// cache.
///
/// If client certificates are requested, they are optional. A certificate that the authority has
/// not issued, that is not valid now, or that is not for clients, ends the handshake. Session
/// tickets are off in that case, so a proof is never older than its connection. The proof is
/// checked again after `take_over`.
///
/// Existing connections keep the certificate that they began with; a new certificate applies to
/// later connections. Thread-safe. The process must ignore SIGPIPE.
class tls_server {
 public:
  /// Loads the files. The error names the setting, the file and the defect.
  [[nodiscard]] static result<std::unique_ptr<tls_server>> load(tls_server_settings from);
  ~tls_server();
  tls_server(const tls_server&) = delete;
  tls_server& operator=(const tls_server&) = delete;

  /// Replaces certificate and rules with those of `fresh`.
  void take_over(const tls_server& fresh);

  /// Returns the server's end of a new connection.
  [[nodiscard]] std::unique_ptr<byte_stream> accept(int descriptor) const;

  /// The end of validity of the present certificate.
  [[nodiscard]] wall_time expires() const;
  /// The present certificate in PEM, without its chain.
  [[nodiscard]] std::string certificate() const;

 private:
  struct state;
  class link;
  explicit tls_server(std::shared_ptr<state> loaded);

  std::shared_ptr<state> state_;
};

}  // namespace sonde
