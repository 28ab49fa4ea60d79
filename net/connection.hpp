#pragma once

#include "base/async/asio.hpp"
#include "base/async/operation_timeout.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/byte_stream.hpp"
#include "net/tls_client.hpp"

#include <boost/asio/generic/stream_protocol.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::net {

/// One connection to a server, plain or encrypted. Lives on one loop and runs one operation at a
/// time.
///
/// Call one of the `connect` functions once. For an encrypted connection, call `start_tls` next:
/// no data is sent before the server has proved its identity. `set_deadline` limits the operations
/// that follow; a deadline that passes closes the connection. Errors are `net::errc`. Their details
/// are short clauses, and complete sentences for `untrusted`.
class connection {
 public:
  explicit connection(executor loop);

  void set_deadline(steady_time deadline) { timeout_.arm(deadline); }
  void clear_deadline() { timeout_.disarm(); }

  /// Connects to a DNS name or an address. Tries every address of the name.
  awaitable<result<>> connect(std::string host, std::string port);
  /// Connects to exactly this IP address, without a look-up.
  awaitable<result<>> connect_to_address(std::string address, std::uint16_t port);
  /// Connects to a UNIX socket.
  awaitable<result<>> connect_to_socket(std::string file);

  /// Makes the connection encrypted. `tls` outlives this object; `host` is the expected identity.
  awaitable<result<>> start_tls(const tls_client& tls, std::string host);

  awaitable<result<>> send(std::string bytes);
  /// Returns the next received bytes, valid until the next call. Empty: the server has closed or
  /// reset the connection.
  awaitable<result<std::string_view>> receive();

  /// The IP address of the other end: four or sixteen bytes in network order. Empty for a UNIX
  /// socket or a broken connection.
  [[nodiscard]] std::vector<std::byte> peer_address() const;
  /// The user that runs the process at the other end of a UNIX socket, if known.
  [[nodiscard]] std::optional<std::uint32_t> peer_user();

 private:
  using endpoint = asio::generic::stream_protocol::endpoint;

  awaitable<result<>> connect_to_any(std::vector<endpoint> endpoints);
  awaitable<result<>> wait(byte_stream::outcome what);
  [[nodiscard]] error broken(const error_code& failed) const;

  /// Declared first, because the stream uses its descriptor.
  asio::generic::stream_protocol::socket socket_;
  std::unique_ptr<byte_stream> stream_;
  operation_timeout timeout_;
  std::array<char, 16'384> scratch_ = {};
};

}  // namespace sonde::net
