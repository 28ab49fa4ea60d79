#pragma once

#include "scanner/engine/connection.hpp"
#include "scanner/engine/tds_frames.hpp"
#include "tls/client_handshake.hpp"

#include <memory>
#include <optional>
#include <string>

namespace sonde::scanner {

/// A connection to a target as a talk sees it: plain TCP, or TLS inside it from `secure` on.
///
/// Lives on one loop; one operation at a time. Errors are those of `connection`. Cancelled by
/// `close`, or by cancelling the coroutine.
class channel {
 public:
  /// `most_received` bounds the bytes read from the network on a connection with TLS.
  channel(connection link, std::size_t most_received);

  /// The next bytes, at most `most` of a plain connection; plain too after a handshake that showed
  /// a peer without TLS. `errc::closed` at the end.
  awaitable<result<std::string>> read(std::size_t most, steady_time until);
  awaitable<result<>> write(std::string bytes, steady_time until);

  /// Sends a ClientHello and goes on until the handshake ends, one way or the other; `handshake()`
  /// says which. An error is why no more bytes came.
  awaitable<result<>> secure(tls::library& openssl, tls::client_offer offer,
                             const tls::handshake_limits& bounds, steady_time until);
  /// The messages of the handshake travel in packets of TDS. Only before `secure`.
  void carry_in_tds() { frames_.emplace(); }
  /// Null before `secure`.
  [[nodiscard]] const tls::client_handshake* handshake() const { return tls_.get(); }
  /// Returns true if the peer's response to the ClientHello shows that it speaks TLS.
  [[nodiscard]] bool speaks_tls() const;
  [[nodiscard]] bool is_secure() const;

  /// Bytes read from the network so far, TLS records included.
  [[nodiscard]] std::size_t received() const { return received_; }
  /// Bytes written to the network so far, TLS records included.
  [[nodiscard]] std::size_t sent() const { return sent_; }

  /// See `connection::permit_industrial`.
  void permit_industrial() { link_.permit_industrial(); }
  /// The read under way ends with `errc::cancelled`; the connection stays usable.
  void interrupt() { link_.interrupt(); }
  void close() { link_.close(); }

 private:
  awaitable<result<>> send(std::string bytes, steady_time until);
  /// Moves bytes between the network and the handshake once: out, then in.
  awaitable<result<>> pump(steady_time until);

  connection link_;
  std::size_t most_received_;
  std::size_t received_ = 0;
  std::size_t sent_ = 0;
  std::unique_ptr<tls::client_handshake> tls_;
  std::optional<tds_frames> frames_;  ///< of the handshake
};

}  // namespace sonde::scanner
