#pragma once

#include "base/async/task_group.hpp"
#include "model/ip_address.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace sonde::test {

using tcp_socket = boost::asio::ip::tcp::socket;
/// What a server does with one connection; returning closes it.
using behaviour = std::function<awaitable<void>(tcp_socket)>;

/// A TCP server on a loopback address and a port of its own choice, on the test's loop. Its errors
/// end a connection and nothing else.
class loopback_server {
 public:
  /// `port` 0: any free one.
  loopback_server(executor loop, const std::string& address, behaviour serve,
                  std::uint16_t port = 0);
  loopback_server(const loopback_server&) = delete;
  loopback_server& operator=(const loopback_server&) = delete;

  /// Ends all of it; nothing of this server runs afterwards.
  awaitable<void> stop();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] model::ip_address address() const;
  /// Connections accepted so far.
  [[nodiscard]] int accepted() const { return accepted_; }

 private:
  awaitable<void> accept();
  awaitable<void> serve_one(tcp_socket peer);

  std::string address_;
  behaviour serve_;
  boost::asio::ip::tcp::acceptor acceptor_;
  logger log_{log_level::error};
  task_group group_;
  std::uint16_t port_ = 0;
  int accepted_ = 0;
};

// --- behaviours ---

/// Waits, as a service does.
awaitable<void> pause(std::chrono::milliseconds time);
awaitable<void> say(tcp_socket& peer, std::string words);
/// Reads until the peer has sent `what`, or hangs up.
awaitable<std::string> read_until(tcp_socket& peer, std::string what);
/// Keeps the connection until the peer hangs up, and throws away what it says.
awaitable<void> ignore(tcp_socket& peer);
/// Closes with RST.
void reset(tcp_socket& peer);

/// Says this at once, and then nothing more.
[[nodiscard]] behaviour greets_with(std::string words);
/// Says nothing, ever.
[[nodiscard]] behaviour is_mute();
/// A web server: 400 for what is no request, and this head for what is one.
[[nodiscard]] behaviour answers_http(std::string head);

/// A port of an address that nothing answers on: its backlog is full.
class silent_port {
 public:
  explicit silent_port(const std::string& address);
  ~silent_port();
  silent_port(const silent_port&) = delete;
  silent_port& operator=(const silent_port&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int listener_ = -1;
  int inside_[3] = {-1, -1, -1};
  std::uint16_t port_ = 0;
};

/// A port of this address that nobody listened on a moment ago.
[[nodiscard]] std::uint16_t closed_port(const std::string& address);

}  // namespace sonde::test
