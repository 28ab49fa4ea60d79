#pragma once

#include "base/async/asio.hpp"
#include "base/async/byte_link.hpp"
#include "base/async/condition.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "ingest/answer_counts.hpp"
#include "ingest/audit_trail.hpp"
#include "ingest/byte_budget.hpp"
#include "ingest/certificate_notes.hpp"
#include "ingest/connection_book.hpp"
#include "ingest/http_date.hpp"
#include "ingest/http_message.hpp"
#include "ingest/refusal_log.hpp"

#include <boost/asio/generic/stream_protocol.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sonde::ingest {

/// TCP, or a UNIX socket.
using stream_socket = asio::generic::stream_protocol::socket;

/// The other end of a connection, as it is counted.
struct peer_address {
  std::string prefix;  ///< an IPv4 address, or the /64 of an IPv6 one; empty on a UNIX socket
  bool own = false;    ///< this machine's, from which a proxy may speak for everybody
};

/// What servers of one process hold for their peers, all connections together. On their loop.
struct traffic_budgets {
  explicit traffic_budgets(const limits& bounds)
      : bodies(bounds.http_bodies_bytes, bounds.http_caller_percent),
        responses(bounds.http_responses_bytes, bounds.http_caller_percent) {}

  byte_budget bodies;
  byte_budget responses;
};

/// What decides about requests before their bodies are read. On the server's loop.
struct admission {
  /// From the header alone, in which it notes what it has found. Nothing: the request may go on.
  std::function<awaitable<std::optional<http_response>>(http_request&)> admit;
  /// Of what is no request, for which no caller is known: the answer where these are too many.
  std::function<std::optional<http_response>(const http_request&)> refused;
};

/// What the sessions of one server share. Outlives them; on their loop.
struct session_host {
  std::function<awaitable<http_response>(http_request)> handler;
  admission door = {};           ///< without it every request is carried out
  audit_trail* trail = nullptr;  ///< where changes are written down; none: nowhere
  /// What stands between a connection's descriptor and HTTP.
  std::function<std::unique_ptr<byte_link>(int)> link = make_plain_link;
  const limits& bounds;
  logger& log;
  answer_counts counts;
  certificate_notes certificates;
  refusal_log refusals;
  std::shared_ptr<traffic_budgets> budgets;
  std::string process_id;
  std::uint64_t requests = 0;
  bool stopping = false;
  std::size_t open = 0;  ///< connections that count
  connection_book book;
  /// Somebody wants in, and nobody could be asked to go: `room` is told when that has changed.
  bool wants_room = false;
  condition room;
  /// Sessions read into it and keep what they need, so that those that wait hold no buffer.
  std::array<char, 16'384> scratch = {};
  bool local_names_only = false;  ///< answers to localhost and loopback addresses, as `Host`
  std::vector<std::string> server_names = {};  ///< and to these names beside them
  /// All requests say for whom they are; without this those of a peer whose certificate is listed.
  bool by_gateway = false;
  http_date date = {};
};

/// One of the connections that may be open at once. Left when it is destroyed, or before.
class connection_place {
 public:
  explicit connection_place(session_host& host) : host_(&host) { ++host.open; }
  connection_place(connection_place&& other) noexcept
      : host_(std::exchange(other.host_, nullptr)) {}
  ~connection_place() { leave(); }
  connection_place(const connection_place&) = delete;
  connection_place& operator=(const connection_place&) = delete;
  connection_place& operator=(connection_place&&) = delete;

  void leave() {
    if (host_ == nullptr) return;
    --host_->open;
    std::exchange(host_, nullptr)->room.notify_all();
  }

 private:
  session_host* host_;
};

}  // namespace sonde::ingest
