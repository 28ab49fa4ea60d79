#pragma once

#include "base/async/condition.hpp"
#include "base/async/task_group.hpp"
#include "model/net/ip_address.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace sonde::test {

using tcp_socket = boost::asio::ip::tcp::socket;
/// The behaviour of a server on one connection. The connection is closed on return.
using behaviour = std::function<awaitable<void>(tcp_socket)>;

/// A TCP server on a loopback address and a free port, on the loop of the test. An error ends one
/// connection and nothing else.
class loopback_server {
 public:
  /// A `port` of 0 selects a free port.
  loopback_server(executor loop, const std::string& address, behaviour serve,
                  std::uint16_t port = 0);
  loopback_server(const loopback_server&) = delete;
  loopback_server& operator=(const loopback_server&) = delete;

  /// Ends the server and its connections. Nothing of the server runs afterwards.
  awaitable<void> stop();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] model::ip_address address() const;
  /// The number of connections accepted so far.
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

/// Holds the connections of servers without a byte until it is opened, and then closes them. Lives
/// on the loop of the servers; they may outlive it.
class connection_gate {
 public:
  explicit connection_gate(executor loop);

  [[nodiscard]] behaviour holds() const;
  void open();

 private:
  struct state;
  static awaitable<void> hold(std::shared_ptr<state> gate, tcp_socket peer);

  std::shared_ptr<state> state_;
};

// --- behaviours ---

/// Waits for `time`, as a slow service does.
awaitable<void> pause(std::chrono::milliseconds time);
awaitable<void> say(tcp_socket& peer, std::string words);
/// Reads until the peer has sent `what` or closes the connection.
awaitable<std::string> read_until(tcp_socket& peer, std::string what);
/// Reads the head of a GET request. Returns an empty text after the first bytes of anything else.
awaitable<std::string> read_get(tcp_socket& peer);
/// Waits until the peer sends something or closes the connection.
awaitable<void> until_asked(tcp_socket& peer);
/// Keeps the connection until the peer closes it, and discards its input.
awaitable<void> ignore(tcp_socket& peer);
/// Closes with RST.
void reset(tcp_socket& peer);

/// Sends `words` at once, and closes the connection when it receives a request.
[[nodiscard]] behaviour greets_with(std::string words);
/// Sends nothing.
[[nodiscard]] behaviour is_mute();
/// Keeps the connection and reads nothing.
[[nodiscard]] behaviour never_reads();
/// A web server that answers a request with `head` and anything else with 400.
[[nodiscard]] behaviour answers_http(std::string head);

/// A port of an address that never answers: its backlog is full.
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

/// A port of this address that had no listener a moment ago.
[[nodiscard]] std::uint16_t closed_port(const std::string& address);

}  // namespace sonde::test
