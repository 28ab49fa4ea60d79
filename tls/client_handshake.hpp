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

/// The resources that one peer may make a client use.
struct handshake_limits {
  std::size_t handshake_bytes = 1u << 20;  ///< received until the handshake is complete
  std::size_t chain_certificates = 16;     ///< kept of the presented chain; the rest is counted
  std::size_t chain_decoded = 128;         ///< at 0.2 ms each; a longer chain ends the handshake
  std::size_t foreign_bytes = 16'384;      ///< kept of the data of a peer that does not use TLS
};

/// The contents of a ClientHello: requests and offers.
struct client_offer {
  /// The requested name; empty for an address, which must not be sent as SNI (RFC 6066, section 3).
  std::string sni = {};
  /// Application protocols, the preferred one first (RFC 7301). Empty: the extension is left out.
  std::vector<std::string> alpn = {};
  enum class version { tls13, tls12 } highest = version::tls13;
};

/// An alert from the peer (RFC 8446, section 6).
struct received_alert {
  std::uint8_t number = 0;
  std::string name;  ///< `handshake_failure`
  bool fatal = false;
};

/// The results of a handshake so far. Each part remains when a later one fails.
struct handshake_observation {
  std::string version;             ///< `TLSv1.3`; empty until a version is agreed
  std::string cipher;              ///< the IANA name, `TLS_AES_128_GCM_SHA256`
  std::string group;               ///< of the key exchange, `x25519`; empty if it had none
  std::string sni;                 ///< the name sent; empty for none
  std::string alpn;                ///< the protocol that the server selected; empty for none
  std::vector<std::string> chain;  ///< DER, in the order presented, even if undecodable
  std::size_t chain_total = 0;     ///< certificates presented, kept or not
  bool client_certificate_requested = false;
  std::optional<received_alert> alert;  ///< the last one, except close_notify
};

/// The client side of one TLS connection without I/O: bytes go in, bytes come out.
///
/// After construction `take_output()` holds the ClientHello. The owner sends it, passes received
/// bytes to `receive()`, and continues until `status()` leaves `in_progress`. It can then exchange
/// data with `encrypt()` and `take_plaintext()`. Certificates are not verified. No function blocks,
/// and a fault of the peer never throws. Lives on the thread of its `library`, which outlives it.
class client_handshake {
 public:
  enum class state {
    in_progress,
    established,  ///< both sides may send data
    closed,       ///< was established; the peer has ended its data
    failed,       ///< see `failure()`
  };

  /// Starts a handshake. A name that cannot be sent (over 255 bytes, or with a NUL) makes the state
  /// `failed`, and so does an application protocol without bytes or with more than 255.
  client_handshake(library& openssl, client_offer offer, const handshake_limits& limits);
  ~client_handshake();
  client_handshake(const client_handshake&) = delete;
  client_handshake& operator=(const client_handshake&) = delete;

  /// Processes bytes from the peer, in pieces of any size. If the peer does not use TLS, further
  /// bytes extend `foreign_bytes()`; otherwise bytes after the end are ignored.
  void receive(std::string_view bytes);
  /// Reports that the peer sends no more: a failure during the handshake, the end of the stream
  /// after it.
  void receive_end();

  /// Encrypts `plaintext` into the output. Fails with `errc::not_established` before the handshake
  /// is complete and after it has failed.
  result<> encrypt(std::string_view plaintext);
  /// Adds a close_notify to the output, in the states `established` and `closed` only.
  void close();

  /// Returns the bytes to send, each once. After a failure there may be some too: the alert that
  /// reports it.
  [[nodiscard]] std::string take_output();
  /// Returns the decrypted data since the last call. It never exceeds the received bytes.
  [[nodiscard]] std::string take_plaintext();

  [[nodiscard]] state status() const;
  /// Returns the failure: an `errc` and one sentence. Only in the state `failed`.
  [[nodiscard]] const error& failure() const;
  [[nodiscard]] const handshake_observation& observation() const;
  /// Returns the data of a peer that does not use TLS (`errc::not_tls`), from the first byte;
  /// otherwise empty.
  [[nodiscard]] std::string_view foreign_bytes() const;

 private:
  struct engine;
  std::unique_ptr<engine> engine_;
};

}  // namespace sonde::tls
