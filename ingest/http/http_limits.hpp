#pragma once

#include <cstdint>

namespace sonde::ingest {

/// Limits on the cost of a connection, a request or a response. The values are the defaults.
struct http_limits {
  /// Open connections. At the limit, the connection that has been waited for longest is closed.
  std::uint32_t http_connections = 10'000;
  std::uint32_t http_connections_per_address = 1024;  ///< per IPv4 address or IPv6 /64
  std::uint32_t http_header_bytes = 8192;             ///< request line and headers together
  std::uint32_t http_headers = 64;                    ///< header lines
  std::uint32_t http_target_bytes = 4096;             ///< path and query as sent
  /// One request body. The main value of an entity may have 64 KiB.
  std::uint32_t http_body_bytes = 1u << 20;
  /// Bodies larger than this use at most three quarters of `http_bodies_bytes`.
  std::uint32_t http_body_share_bytes = 65'536;
  std::uint32_t http_bodies_bytes = 64u << 20;  ///< all request bodies in progress; beyond it: 503
  std::uint32_t http_responses_bytes = 64u << 20;  ///< not yet read by clients; beyond it: 503
  std::uint32_t http_caller_percent =
      50;  ///< share of http_bodies_bytes and http_responses_bytes that one caller may hold
  std::uint32_t http_reads_at_work = 8;  ///< large responses built at once, about 20 MiB each
  /// Requests of one caller with `?wait=`; beyond it: 429. `sonde scan` follows 32 scans.
  std::uint32_t http_waiting_per_caller = 256;
  /// Log lines a minute about refused requests without a key. The others are only counted.
  std::uint32_t http_refusals_logged = 20;
  std::uint32_t http_header_timeout_ms = 10'000;
  std::uint32_t http_body_timeout_ms = 30'000;
  std::uint32_t http_idle_timeout_ms = 60'000;    ///< between two requests of one connection
  std::uint32_t http_write_timeout_ms = 30'000;   ///< for a client to read a response; then closed
  std::uint32_t http_answer_timeout_ms = 10'000;  ///< then 503: the queue or a view is too slow
  /// Time for which the rest of a refused request is read and dropped.
  std::uint32_t http_linger_ms = 2'000;
  /// The largest part of that rest that is read. A proxy may send the whole rest at once.
  std::uint32_t http_linger_bytes = 64u << 20;
  std::uint32_t http_client_chain_bytes = 16'384;  ///< a client's certificates, as sent
  std::uint32_t json_depth = 32;                   ///< nesting of objects and lists

  // Work of requests with a body.
  /// Largest body that is checked on the HTTP loop, in about 0.4 ms.
  std::uint32_t inline_body_bytes = 4'096;
  /// Threads that check the other bodies. A small machine has two cores.
  std::uint32_t work_threads = 1;
  std::uint32_t work_waiting = 1'024;  ///< bodies that wait for such a thread; beyond it: 503
  std::uint32_t work_waiting_per_caller = 64;  ///< … of one user; users take turns

  // Idempotency-Key: cached responses.
  std::uint32_t idempotency_body_bytes = 65'536;  ///< one body; longer responses are produced again
};

}  // namespace sonde::ingest
