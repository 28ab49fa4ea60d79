#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace sonde {

/// One end of a connection (stream), plain or encrypted, on a non-blocking descriptor.
///
/// Every call does what is possible at once and returns the event to wait for before the next call.
/// A connection that waits therefore holds no buffer, and the owner of many connections can use one
/// buffer for all. Does not own the descriptor. Lives on the loop that waits for the descriptor.
class byte_stream {
 public:
  enum class outcome {
    done,
    wait_read,   ///< call again when the descriptor is readable
    wait_write,  ///< call again when it is writable
    over,        ///< the peer closed or reset it, or violated the protocol
  };
  struct step {
    outcome what = outcome::done;
    std::size_t bytes = 0;  ///< for `done`: bytes read or written, at least one
  };
  /// The result of the check of the peer's certificate.
  enum class proof {
    none,       ///< it has sent none, or none was requested
    refused,    ///< the certificate is not trusted; the connection is over
    certified,  ///< a trusted authority has issued it
    listed,     ///< … and it has a name on this end's list
  };

  virtual ~byte_stream() = default;
  /// Call this first, and repeat it until it returns `done`.
  virtual step open() = 0;
  virtual step read(std::span<char> into) = 0;
  virtual step write(std::string_view bytes) = 0;
  /// Reports whether there is more to read that the descriptor does not signal.
  [[nodiscard]] virtual bool holds_more() const = 0;
  /// Sends the close message of the protocol, if it has one. Does not wait.
  virtual void close() = 0;

  /// The present result. It can get worse later, when the rules of this end change or a certificate
  /// expires.
  virtual proof proved() { return proof::none; }
  /// Reports whether the peer has sent a plain HTTP request in place of a TLS handshake. The
  /// connection is over then, but the peer can read a plain response.
  [[nodiscard]] virtual bool met_plain_http() const { return false; }
  /// A remark about the connection: why the handshake failed, or the subject of a certificate that
  /// is not on the list.
  [[nodiscard]] virtual std::string remark() const { return {}; }
};

/// Makes a link without encryption: it sends and receives the bytes unchanged.
[[nodiscard]] std::unique_ptr<byte_stream> make_plain_link(int descriptor);

}  // namespace sonde
