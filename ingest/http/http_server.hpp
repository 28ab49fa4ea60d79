#pragma once

#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "ingest/http/http_limits.hpp"
#include "ingest/http/http_message.hpp"
#include "ingest/http/http_session.hpp"
#include "net/tls_server.hpp"
#include "views/limits.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace sonde::ingest {

/// The limits that a server reads. They outlive it.
struct server_bounds {
  /// Refers to the parts of a struct that contains all of them. The conversion is implicit, so that
  /// callers can pass that struct.
  template <class All>
  server_bounds(const All& all) : http(all), views(all) {}  // NOLINT

  const http_limits& http;
  const views::limits& views;  ///< the size of a list in a response
};

/// HTTP/1.1 server on a TCP port or a UNIX socket. Reads requests within their size and time
/// limits, passes them to one handler and writes its responses.
///
/// Each peer holds at most one request of limited size for a limited time. Input that is rejected
/// before it is a request gets a response, and the connection is closed. At the connection limit a
/// new connection replaces the one that has waited longest for its peer. The new connection waits
/// only while all others are being processed. Lives on one loop.
class http_server {
 public:
  using handler_function = std::function<awaitable<http_response>(http_request)>;

  /// The surroundings of a server. They outlive it.
  struct context {
    executor loop;
    server_bounds bounds;
    logger& log;
    metrics& counts;
    std::string process_id;  ///< the prefix of request ids
  };
  http_server(context around, handler_function handler);

  /// The addresses that a server may listen on. Beyond loopback it needs TLS or a trusted network,
  /// as keys and responses are not encrypted otherwise.
  enum class exposure { loopback_only, any_address };
  /// Checks whether listening on this address is allowed.
  [[nodiscard]] static result<> check_exposure(const std::string& address, exposure allowed);
  /// Binds to an address; `port` zero selects any free port.
  [[nodiscard]] result<> listen(const std::string& address, std::uint16_t port,
                                exposure allowed = exposure::loopback_only);
  /// Binds to a socket file that only this user, or also the user's group, can use. Replaces an
  /// existing file: the permissions of the folder ensure that no other process listens there.
  enum class socket_rights { user, group };
  [[nodiscard]] result<> listen(const std::filesystem::path& file,
                                socket_rights rights = socket_rights::user);
  /// Accepts these names in `Host` on loopback too. Call before `listen`, or on the loop.
  void allow_names(std::vector<std::string> names) { host_.server_names = std::move(names); }
  /// Treats all peers as gateways: they name the user of each request. Call before `start`.
  void trust_gateways() { host_.by_gateway = true; }
  /// Sets the checks that run before a request's body is read. Call before `start`.
  void admit_by(admission door) { host_.door = std::move(door); }
  /// Records every requested change in `trail`, which outlives this server. Call before `start`.
  void audit_to(audit_trail& trail) { host_.trail = &trail; }
  /// Shares the byte budgets of another server on the same loop. Call before `start`.
  void share_budgets(const http_server& with) { host_.budgets = with.host_.budgets; }
  /// Exports the bytes currently held for peers. Call on the loop.
  void show_held(metrics& counts) const;
  /// Requires TLS on every connection. Call before `listen`.
  void use_tls(std::shared_ptr<const tls_server> tls);
  /// The address of a TCP listener with its actual port: `127.0.0.1:8480`.
  [[nodiscard]] std::string endpoint() const;

  /// Starts to accept connections. Call on the loop, or before it runs.
  void start();
  /// Stops accepting, lets running requests end until `deadline`, then closes all connections.
  /// Removes its socket file unless another process has replaced it. Call on the loop.
  awaitable<void> stop(steady_time deadline);

 private:
  awaitable<void> accept();
  awaitable<void> admit(stream_socket socket);
  awaitable<void> serve(stream_socket socket, peer_address peer, connection_place place);
  bool make_room_for(const std::string& address);
  void turn_away(stream_socket socket);
  awaitable<void> linger(stream_socket socket);
  void remove_file();
  void note_full();

  executor loop_;
  session_host host_;
  asio::basic_socket_acceptor<asio::generic::stream_protocol> acceptor_;
  task_group accepting_;
  task_group sessions_;
  task_group leaving_;  ///< refused connections whose requests are still read
  counter accepted_;
  counter evicted_;
  counter turned_away_;
  steady_time next_note_;
  std::filesystem::path file_;  ///< of the UNIX socket
  std::uint64_t inode_ = 0;     ///< its inode
};

}  // namespace sonde::ingest
