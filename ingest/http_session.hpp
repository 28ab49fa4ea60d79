#pragma once

#include "base/async/asio.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "ingest/http_message.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <set>
#include <string>

namespace sonde::ingest {

/// What the sessions of one server share. Outlives them; on their loop.
struct session_host {
  std::function<awaitable<http_response>(http_request)> handler;
  const limits& bounds;
  logger& log;
  std::string process_id;
  std::uint64_t requests = 0;
  bool stopping = false;
  /// Sockets of sessions that wait for a request, to be hung up on when the server stops.
  std::set<asio::ip::tcp::socket*> idle;
};

/// Serves one connection until it ends: requests one after the other, each answered before the next
/// is read.
awaitable<void> run_session(asio::ip::tcp::socket socket, session_host& host);

}  // namespace sonde::ingest
