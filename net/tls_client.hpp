#pragma once

#include "base/result.hpp"
#include "net/byte_stream.hpp"

#include <memory>
#include <string>

namespace sonde {

/// The strictness of a client towards a server, beyond the trust in its certificate.
enum class tls_strictness {
  /// Forward secrecy and authenticated encryption; a certificate names its hosts in subjectAltName.
  strict,
  /// For servers of other operators: OpenSSL's default ciphers of TLS 1.2; the subject's common
  /// name counts if a certificate has no DNS name in subjectAltName; partial wildcards are
  /// accepted.
  compatible,
};

/// The servers that a client trusts. If nothing is set: servers whose certificate is issued for the
/// requested name by an authority of the system (RFC 9525).
struct client_trust {
  std::string ca_file = {};  ///< PEM: authorities that replace those of the system
  /// PEM, the text itself: only this certificate is trusted, whatever names it has.
  std::string certificate = {};
  /// PEM: authorities that are trusted in addition to those of the system.
  std::string more_ca_file = {};
  tls_strictness strictness = tls_strictness::strict;
};

/// The TLS configuration of a client: TLS 1.2 or newer, and HTTP/1.1 by ALPN (RFC 7301). Sends no
/// data to a server before the server has proved its identity. Outlives its links. Thread-safe. The
/// process must ignore SIGPIPE.
class tls_client {
 public:
  [[nodiscard]] static result<std::unique_ptr<tls_client>> load(client_trust trust);
  ~tls_client();
  tls_client(const tls_client&) = delete;
  tls_client& operator=(const tls_client&) = delete;

  /// Returns the client's end of a new connection to a DNS name or an IP address. After a failed
  /// handshake, `remark` gives the reason in one sentence, and what to do.
  [[nodiscard]] std::unique_ptr<byte_stream> connect(int descriptor, std::string host) const;

 private:
  struct state;
  class link;
  explicit tls_client(std::unique_ptr<state> loaded);

  std::unique_ptr<state> state_;
};

}  // namespace sonde
