#pragma once

#include "base/async/asio.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "ingest/http_message.hpp"

#include <boost/asio/generic/stream_protocol.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

namespace sonde::ingest {

/// TCP, or a UNIX socket.
using stream_socket = asio::generic::stream_protocol::socket;

/// Counts answers, and how long handlers took.
class answer_counts {
 public:
  explicit answer_counts(metrics& counts);
  /// A method that this program does not know is "other": labels are not for callers to choose.
  void add(const std::string& method, unsigned status);
  void took(std::chrono::steady_clock::duration time);

 private:
  metrics& counts_;
  timing seconds_;
  std::map<std::pair<std::string, unsigned>, counter> answers_;
};

/// What the sessions of one server share. Outlives them; on their loop.
struct session_host {
  std::function<awaitable<http_response>(http_request)> handler;
  const limits& bounds;
  logger& log;
  answer_counts counts;
  std::string process_id;
  std::uint64_t requests = 0;
  bool stopping = false;
  bool local_names_only = false;  ///< answers to localhost and loopback addresses, as `Host`
  bool by_gateway = false;        ///< its requests say for whom they are
  /// Sockets of sessions that wait for a request, to be hung up on when the server stops.
  std::set<stream_socket*> idle;
};

/// Serves one connection until it ends: requests one after the other, each answered before the next
/// is read.
awaitable<void> run_session(stream_socket socket, session_host& host);

}  // namespace sonde::ingest
