#pragma once

#include "base/async/asio.hpp"
#include "base/async/condition.hpp"
#include "base/log.hpp"
#include "ingest/http/answer_counts.hpp"
#include "ingest/http/audit_trail.hpp"
#include "ingest/http/byte_budget.hpp"
#include "ingest/http/certificate_notes.hpp"
#include "ingest/http/connection_registry.hpp"
#include "ingest/http/http_date.hpp"
#include "ingest/http/http_limits.hpp"
#include "ingest/http/http_message.hpp"
#include "ingest/http/refusal_log.hpp"
#include "net/byte_stream.hpp"
#include "views/limits.hpp"

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

/// A TCP or UNIX socket.
using stream_socket = asio::generic::stream_protocol::socket;

/// The peer of a connection, as connections are counted.
struct peer_address {
  std::string prefix;  ///< an IPv4 address, or the /64 of an IPv6 one; empty on a UNIX socket
  bool own = false;    ///< this machine's address, from which a proxy may forward all callers
};

/// Limits what the servers of one process hold for all connections together. Lives on their loop.
struct traffic_budgets {
  explicit traffic_budgets(const http_limits& bounds)
      : bodies(bounds.http_bodies_bytes, bounds.http_caller_percent),
        responses(bounds.http_responses_bytes, bounds.http_caller_percent) {}

  byte_budget bodies;
  byte_budget responses;
};

/// The checks of requests before their bodies are read. Runs on the server's loop.
struct admission {
  /// Checks the header and stores its findings in the request. Returns nothing if the request may
  /// continue.
  std::function<awaitable<std::optional<http_response>>(http_request&)> admit;
  /// Checks input that is not a request and has no known caller. Returns a response if there is too
  /// much of it.
  std::function<std::optional<http_response>(const http_request&)> refused;
};

/// The state that the sessions of one server share. Outlives them; lives on their loop.
struct session_host {
  std::function<awaitable<http_response>(http_request)> handler;
  admission door = {};           ///< without it every request is executed
  audit_trail* trail = nullptr;  ///< records changes; null: they are not recorded
  /// Creates the stream between a connection's descriptor and HTTP.
  std::function<std::unique_ptr<byte_stream>(int)> link = make_plain_link;
  const http_limits& bounds;
  const views::limits& view_bounds;
  logger& log;
  answer_counts counts;
  certificate_notes certificates;
  refusal_log refusals;
  std::shared_ptr<traffic_budgets> budgets;
  std::string process_id;
  std::uint64_t requests = 0;
  bool stopping = false;
  std::size_t open = 0;  ///< connections that count towards the limit
  connection_registry registry;
  /// True: a new connection waits, because no connection can be evicted. A session that can be
  /// evicted or has ended then notifies `room`.
  bool wants_room = false;
  condition room;
  /// Shared read buffer. Sessions copy what they need, so waiting sessions hold no buffer.
  std::array<char, 16'384> scratch = {};
  bool local_names_only = false;  ///< accepts localhost and loopback addresses in `Host`
  std::vector<std::string> server_names = {};  ///< further names accepted in `Host`
  /// All requests name their user. If false, only those of a peer with a listed certificate do.
  bool by_gateway = false;
  http_date date = {};
};

/// One of the connections that may be open at once. Released on destruction, or before.
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
