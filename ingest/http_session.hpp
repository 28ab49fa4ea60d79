#pragma once

#include "base/async/asio.hpp"
#include "base/async/byte_link.hpp"
#include "base/async/condition.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "ingest/answer_counts.hpp"
#include "ingest/certificate_notes.hpp"
#include "ingest/connection_book.hpp"
#include "ingest/http_message.hpp"

#include <boost/asio/generic/stream_protocol.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <string>

namespace sonde::ingest {

/// TCP, or a UNIX socket.
using stream_socket = asio::generic::stream_protocol::socket;

/// The other end of a connection, as it is counted.
struct peer_address {
  std::string prefix;  ///< an IPv4 address, or the /64 of an IPv6 one; empty on a UNIX socket
  bool own = false;    ///< this machine's, from which a proxy may speak for everybody
};

/// What the sessions of one server share. Outlives them; on their loop.
struct session_host {
  std::function<awaitable<http_response>(http_request)> handler;
  /// What stands between a connection's descriptor and HTTP.
  std::function<std::unique_ptr<byte_link>(int)> link = make_plain_link;
  const limits& bounds;
  logger& log;
  answer_counts counts;
  certificate_notes certificates;
  std::string process_id;
  std::uint64_t requests = 0;
  bool stopping = false;
  /// Held of large bodies, beyond the share that each connection has.
  std::uint64_t large_bodies = 0;
  connection_book book;
  /// Somebody wants in, and nobody could be asked to go: `room` is told when that has changed.
  bool wants_room = false;
  condition room;
  /// Sessions read into it and keep what they need, so that those that wait hold no buffer.
  std::array<char, 16'384> scratch = {};
  bool local_names_only = false;  ///< answers to localhost and loopback addresses, as `Host`
  /// All requests say for whom they are; without this those of a peer whose certificate is listed.
  bool by_gateway = false;
};

/// Serves one connection until it ends: requests one after the other, each answered before the next
/// is read.
awaitable<void> run_session(stream_socket socket, peer_address peer, session_host& host);

}  // namespace sonde::ingest
