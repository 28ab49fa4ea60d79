#pragma once

#include "base/result.hpp"
#include "tls/library.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::tls {

/// What one peer may make a client hold.
struct handshake_limits {
  std::size_t handshake_bytes = 1u << 20;  ///< received until the handshake is complete
  std::size_t chain_certificates = 16;     ///< kept of the presented chain; the rest is counted
  std::size_t chain_decoded = 128;         ///< at 0.2 ms each; a longer chain ends the handshake
  std::size_t foreign_bytes = 16'384;      ///< kept of what a peer says that speaks no TLS
};

/// An alert from the peer (RFC 8446, section 6).
struct received_alert {
  std::uint8_t number = 0;
  std::string name;  ///< `handshake_failure`
  bool fatal = false;
};

/// What a handshake showed, as far as it went: each part stays when a later one fails.
struct handshake_observation {
  std::string version;             ///< `TLSv1.3`; empty until a version was agreed
  std::string cipher;              ///< IANA's name, `TLS_AES_128_GCM_SHA256`
  std::string group;               ///< of the key exchange, `x25519`; empty where it had none
  std::string sni;                 ///< that was sent; empty for none
  std::vector<std::string> chain;  ///< DER, in the order presented, even where undecodable
  std::size_t chain_total = 0;     ///< certificates presented, kept or not
  bool client_certificate_requested = false;
  std::optional<received_alert> alert;  ///< the last one, close_notify not counted
};

/// The client's side of one TLS connection, without the connection: bytes go in, bytes come out.
///
/// Made with its ClientHello already in `take_output()`. The owner sends that, gives what arrives
/// to `receive()`, and goes on until `status()` leaves `in_progress`; then it may speak inside TLS
/// with `encrypt()` and `take_plaintext()`. It verifies nothing. Nothing here blocks, and a peer's
/// fault never throws. Lives on the thread of its `library`, which outlives it.
class client_handshake {
 public:
  enum class state {
    in_progress,
    established,  ///< both sides may speak
    closed,       ///< it was established, and the peer has said its last
    failed,       ///< see `failure()`
  };

  /// `sni` is the name to ask for; empty for an address, which must not be sent as one (RFC 6066,
  /// section 3). A name that cannot be sent (over 255 bytes, or with a NUL) makes it `failed`.
  client_handshake(library& openssl, std::string sni, const handshake_limits& limits);
  ~client_handshake();
  client_handshake(const client_handshake&) = delete;
  client_handshake& operator=(const client_handshake&) = delete;

  /// What the peer sent, in pieces of any size. Once it is known not to speak TLS, more bytes
  /// extend `foreign_bytes()`; otherwise bytes after the end are ignored.
  void receive(std::string_view bytes);
  /// The peer sends no more: a failure during the handshake, the end of the stream after it.
  void receive_end();

  /// Puts `plaintext` into the output. `errc::not_established` before the handshake is complete
  /// and after it failed.
  result<> encrypt(std::string_view plaintext);
  /// Puts a close_notify into the output, where there is somebody to read it.
  void close();

  /// Bytes to send, once each. There may be some after a failure too: the alert that says why.
  [[nodiscard]] std::string take_output();
  /// What the peer said inside TLS since the last call. Never more than it was given to read.
  [[nodiscard]] std::string take_plaintext();

  [[nodiscard]] state status() const;
  /// Why it failed: an `errc` and one sentence. Only for `failed`.
  [[nodiscard]] const error& failure() const;
  [[nodiscard]] const handshake_observation& observation() const;
  /// What a peer said that does not speak TLS (`errc::not_tls`), from its first byte; else empty.
  [[nodiscard]] std::string_view foreign_bytes() const;

 private:
  struct engine;
  std::unique_ptr<engine> engine_;
};

}  // namespace sonde::tls
