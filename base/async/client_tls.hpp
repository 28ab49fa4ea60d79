#pragma once

#include "base/async/byte_link.hpp"
#include "base/result.hpp"

#include <memory>
#include <string>

namespace sonde {

/// Whom a client believes to be its server. Nothing set: whoever an authority of the system
/// vouches for under the name that was asked for (RFC 9525).
struct client_trust {
  std::string ca_file = {};  ///< PEM: authorities, in place of the system's
  /// PEM, the text itself: this certificate and no other, whatever names it has.
  std::string certificate = {};
};

/// How a client speaks TLS: 1.2 or newer, HTTP/1.1 by ALPN (RFC 7301), and not one byte to a server
/// that has not proved who it is. Outlives its links. Thread-safe. The process has to ignore
/// SIGPIPE.
class client_tls {
 public:
  [[nodiscard]] static result<std::unique_ptr<client_tls>> load(client_trust trust);
  ~client_tls();
  client_tls(const client_tls&) = delete;
  client_tls& operator=(const client_tls&) = delete;

  /// The client's end of a new connection to a DNS name or an IP address. After a handshake that
  /// has failed, `remark` says in one sentence why, with its mend.
  [[nodiscard]] std::unique_ptr<byte_link> connect(int descriptor, std::string host) const;

 private:
  struct state;
  class link;
  explicit client_tls(std::unique_ptr<state> loaded);

  std::unique_ptr<state> state_;
};

}  // namespace sonde
