#pragma once

#include "base/async/byte_link.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sonde {

/// What a server speaks TLS with.
struct server_tls_settings {
  std::string certificate;  ///< a PEM file, with those that lead to its root behind it
  std::string key;          ///< a PEM file; without a passphrase
  /// A PEM file: whose certificates clients are asked for; empty: they are not asked.
  std::string gateway_ca = {};
  /// Of these certificates, those that are listed: by a DNS name, or, where there is none, by the
  /// common name, letter by letter but for their case. `*` alone: all of them.
  std::vector<std::string> gateway_names = {};
  std::uint32_t client_chain_bytes = 16'384;
};

/// A server's certificate, and how it speaks TLS with it: 1.2 or newer, forward secret ciphers
/// only, HTTP/1.1 where the client asks by ALPN (RFC 7301), no renegotiation, no session kept here.
///
/// Where clients are asked for certificates, nobody has to have one; one that its authority does
/// not vouch for, that is not valid now or not for clients, ends the handshake. Then there are no
/// session tickets either: what a peer has proved is never older than its connection, and it is
/// judged anew once this has been taken over.
///
/// Connections hold what they began with; a new certificate is for those that come later.
/// Thread-safe. The process has to ignore SIGPIPE.
class server_tls {
 public:
  /// The error names the setting, the file and what is wrong with it.
  [[nodiscard]] static result<std::unique_ptr<server_tls>> load(server_tls_settings from);
  ~server_tls();
  server_tls(const server_tls&) = delete;
  server_tls& operator=(const server_tls&) = delete;

  /// From now on as `fresh` does.
  void take_over(const server_tls& fresh);

  /// The server's end of a new connection.
  [[nodiscard]] std::unique_ptr<byte_link> accept(int descriptor) const;

  /// When the certificate that is shown at present stops to be valid.
  [[nodiscard]] wall_time expires() const;
  /// The certificate that is shown at present, in PEM, alone.
  [[nodiscard]] std::string certificate() const;

 private:
  struct state;
  class link;
  explicit server_tls(std::shared_ptr<state> loaded);

  std::shared_ptr<state> state_;
};

}  // namespace sonde
