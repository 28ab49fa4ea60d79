#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace sonde {

/// One end of a connection, plain or encrypted, above a descriptor that does not block.
///
/// Every call does what it can at once and says what to wait for before it is called again. So a
/// connection that waits holds no buffer: who owns many of them reads all into one. Does not own
/// the descriptor. Lives on the loop that waits for it.
class byte_link {
 public:
  enum class outcome {
    done,
    wait_read,   ///< again when the descriptor can be read
    wait_write,  ///< … written
    over,        ///< the peer has ended or reset it, or does not keep to the protocol
  };
  struct step {
    outcome what = outcome::done;
    std::size_t bytes = 0;  ///< of `done`: read or written, at least one
  };
  /// What the peer has proved by a certificate.
  enum class proof {
    none,       ///< it has shown none, or was not asked to
    refused,    ///< what it has shown is not trusted; then it is over
    certified,  ///< a trusted authority vouches for it
    listed,     ///< … under a name that is on this end's list
  };

  virtual ~byte_link() = default;
  /// Before anything else, until `done`.
  virtual step open() = 0;
  virtual step read(std::span<char> into) = 0;
  virtual step write(std::string_view bytes) = 0;
  /// There is more to read that the descriptor does not show.
  [[nodiscard]] virtual bool holds_more() const = 0;
  /// Says goodbye where the protocol has a word for it; does not wait.
  virtual void close() = 0;

  /// As things stand now: it can lose what it had when this end changes its mind or time passes.
  virtual proof proved() { return proof::none; }
  /// The peer has sent an HTTP request in the clear where a handshake was due; it is over then, and
  /// an answer in the clear can be read.
  [[nodiscard]] virtual bool met_plain_http() const { return false; }
  /// What there is to say about it: why the handshake failed, or who it is that is not listed.
  [[nodiscard]] virtual std::string remark() const { return {}; }
};

/// What is sent is what the peer reads.
[[nodiscard]] std::unique_ptr<byte_link> make_plain_link(int descriptor);

}  // namespace sonde
