#pragma once

#include "base/async/alarm.hpp"
#include "base/async/asio.hpp"
#include "base/async/byte_link.hpp"
#include "base/async/client_tls.hpp"
#include "base/clock.hpp"
#include "client/server_address.hpp"

#include <boost/asio/generic/stream_protocol.hpp>

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace sonde::client {

/// One connection to a server, plain or encrypted. Lives on one loop; one operation at a time, each
/// within the time that `set_deadline` gave.
///
/// Its errors are `errc::no_server`, with what happened in a few words, and `errc::untrusted`, with
/// a whole sentence. Nothing is sent to a server that has not proved who it is.
class connection {
 public:
  explicit connection(executor loop);

  void set_deadline(steady_time deadline) { alarm_.arm(deadline); }
  void clear_deadline() { alarm_.disarm(); }

  /// `tls`: where the address asks for it; outlives this.
  awaitable<result<>> open(server_address to, const client_tls* tls);
  awaitable<result<>> send(std::string bytes);
  /// What comes next, until the next call; empty: the server has hung up.
  awaitable<result<std::string_view>> receive();

  std::string held;  ///< received beyond the last answer

 private:
  awaitable<result<>> connect(server_address to);
  awaitable<bool> wait(byte_link::outcome what);
  [[nodiscard]] error gone(const std::string& why) const;

  asio::generic::stream_protocol::socket socket_;
  std::unique_ptr<byte_link> link_;
  alarm alarm_;
  std::array<char, 16'384> scratch_ = {};
};

}  // namespace sonde::client
