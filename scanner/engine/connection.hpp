#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "scanner/engine/connector.hpp"
#include "scanner/engine/port_manners.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace sonde::scanner {

/// A connection to a target. Every operation has a deadline, and every ending a name of its own
/// (`errc::closed`, `reset`, `deadline` …). Closes with RST. Lives on one loop.
class connection {
 public:
  /// `port` is the target's: it decides whether anything may be sent (`manners_of`).
  connection(executor loop, unique_socket socket, bool v4, std::uint16_t port);

  /// The next bytes, at most `most`. `errc::closed` at the end of the stream.
  awaitable<result<std::string>> read(std::size_t most, steady_time deadline);
  /// `errc::listen_only` or `errc::industrial`, and nothing leaves this machine, where nothing may
  /// be sent.
  awaitable<result<>> write(std::string bytes, steady_time deadline);
  /// On a port of an industrial protocol `write` sends from now on. Only for that protocol's own
  /// identification request, and only where `scan.industrial` allows it.
  void permit_industrial();
  /// The read under way ends with `errc::cancelled`; the connection stays usable.
  void interrupt();
  void close();

 private:
  /// Cancels the operation under way when its deadline passes; `disarm` ends that.
  void arm(steady_time deadline);
  void disarm();
  [[nodiscard]] error explain(error_code code) const;

  struct timeout_state {
    std::uint64_t operation = 0;  ///< counts up, so that a late timer hits no later operation
    bool expired = false;
  };

  port_manners manners_;
  asio::ip::tcp::socket socket_;
  asio::steady_timer timer_;
  std::shared_ptr<timeout_state> timeout_ = std::make_shared<timeout_state>();
};

}  // namespace sonde::scanner
