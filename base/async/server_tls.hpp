#pragma once

#include "base/async/byte_link.hpp"
#include "base/result.hpp"

#include <memory>
#include <string>

namespace sonde {

/// A server's certificate, and how it speaks TLS with it: 1.2 or newer, forward secret ciphers
/// only, HTTP/1.1 where the client asks by ALPN (RFC 7301), no renegotiation, no session kept here.
///
/// Connections hold what they began with; a new certificate is for those that come later.
/// Thread-safe. The process has to ignore SIGPIPE.
class server_tls {
 public:
  /// Reads two PEM files: the certificate with those that lead to its root behind it, and its key
  /// without a passphrase. The error names the file and what is wrong with it.
  [[nodiscard]] static result<std::unique_ptr<server_tls>> load(const std::string& certificate,
                                                                const std::string& key);
  ~server_tls();
  server_tls(const server_tls&) = delete;
  server_tls& operator=(const server_tls&) = delete;

  /// From now on as `fresh` does.
  void take_over(const server_tls& fresh);

  /// The server's end of a new connection.
  [[nodiscard]] std::unique_ptr<byte_link> accept(int descriptor) const;

 private:
  struct state;
  explicit server_tls(std::unique_ptr<state> loaded);

  std::unique_ptr<state> state_;
};

}  // namespace sonde
