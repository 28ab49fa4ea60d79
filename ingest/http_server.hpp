#pragma once

#include "base/async/server_tls.hpp"
#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "ingest/http_message.hpp"
#include "ingest/http_session.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace sonde::ingest {

/// HTTP/1.1 on a TCP port or a UNIX socket: reads requests within their limits and times, hands
/// them to one handler, writes its answers.
///
/// Whatever a peer sends, it holds at most one request of bounded size and a bounded time. What is
/// refused before it is a request is answered and hung up on. When there are as many connections as
/// there may be, a new one takes the place of the one whose peer has been waited for longest, and
/// waits itself only while every other one is being answered. Lives on one loop.
class http_server {
 public:
  using handler_function = std::function<awaitable<http_response>(http_request)>;

  /// `process_id` begins the ids of requests.
  http_server(executor loop, handler_function handler, const limits& limits, logger& log,
              metrics& counts, std::string process_id);

  /// Whether one may listen there: see `listen`.
  [[nodiscard]] static result<> check_exposure(const std::string& address, bool plaintext_allowed);
  /// Binds; `port` zero takes any. Beyond loopback only with TLS, or where it is allowed that keys
  /// and answers travel in the clear.
  [[nodiscard]] result<> listen(const std::string& address, std::uint16_t port,
                                bool plaintext_allowed = false);
  /// Binds to a socket file that only this user can use, or the user's group too. One that is there
  /// already is replaced: who holds the folder decides that nobody else listens.
  enum class socket_rights { user, group };
  [[nodiscard]] result<> listen(const std::filesystem::path& file,
                                socket_rights rights = socket_rights::user);
  /// On loopback it answers to these names too, as `Host`. Before `listen`, or on the loop.
  void allow_names(std::vector<std::string> names) { host_.server_names = std::move(names); }
  /// Its peers are gateways: they say for whom each request is. Call before `start`.
  void trust_gateways() { host_.by_gateway = true; }
  /// Who decides about requests before their bodies are read. Call before `start`.
  void admit_by(admission door) { host_.door = std::move(door); }
  /// Writes down who asks for which change; outlives this. Call before `start`.
  void audit_to(audit_trail& trail) { host_.trail = &trail; }
  /// Holds bytes for its peers out of another server's budgets, of the same loop. Before `start`.
  void share_budgets(const http_server& with) { host_.budgets = with.host_.budgets; }
  /// Shows how much is held for peers at present. On the loop.
  void show_held(metrics& counts) const;
  /// Every connection speaks TLS. Before `listen`.
  void use_tls(std::shared_ptr<const server_tls> tls);
  /// Of a TCP port: `127.0.0.1:8480`, with the port that was got.
  [[nodiscard]] std::string endpoint() const;

  /// Begins to accept. On the loop, or before it runs.
  void start();
  /// Accepts no more, lets requests under way end until `deadline`, then hangs up. Removes its
  /// socket file, unless another process has put its own there. On the loop.
  awaitable<void> stop(steady_time deadline);

 private:
  awaitable<void> accept();
  awaitable<void> admit(stream_socket socket);
  awaitable<void> serve(stream_socket socket, peer_address peer, connection_place place);
  bool make_room_for(const std::string& address);
  void turn_away(stream_socket socket);
  void remove_file();
  void note_full();

  executor loop_;
  session_host host_;
  asio::basic_socket_acceptor<asio::generic::stream_protocol> acceptor_;
  task_group accepting_;
  task_group sessions_;
  counter accepted_;
  counter gave_way_;
  counter turned_away_;
  steady_time next_note_;
  std::filesystem::path file_;  ///< of a UNIX socket, and
  std::uint64_t inode_ = 0;     ///< which one it is
};

}  // namespace sonde::ingest
