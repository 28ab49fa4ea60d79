#pragma once

#include "base/async/operation_timeout.hpp"
#include "ingest/http/session_host.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace sonde::ingest {

/// One connection below HTTP: reads and writes bytes within the peer's time limits, and closes when
/// it is evicted for another connection.
///
/// Holds bytes that have arrived and are not used yet. While a request waits for a change
/// (`long_wait`) its connection can be closed immediately: its place is free before the request's
/// handler notices. Lives on the server's loop; one coroutine uses it.
class peer_connection final : public long_wait {
 public:
  peer_connection(stream_socket socket, peer_address peer, connection_place place,
                  session_host& host);
  ~peer_connection() override;
  peer_connection(const peer_connection&) = delete;
  peer_connection& operator=(const peer_connection&) = delete;

  /// Waits until HTTP can be used. Returns false if the connection has ended.
  awaitable<bool> open();
  /// Waits for the first byte of the next request. Returns false if none comes.
  awaitable<bool> wait_for_request();
  /// Receives the next bytes. Returns false if the peer has closed, its time is over, or the
  /// connection is evicted.
  awaitable<bool> receive();
  /// Writes `bytes`. Holds what the peer does not accept immediately in `room` for `caller`.
  /// Returns false if not all bytes were written; the connection is unusable then.
  awaitable<bool> write(std::string bytes, byte_budget::hold& room, std::string caller);
  /// Closes the connection. After a response it waits briefly for the peer to read it.
  awaitable<void> finish();

  /// The bytes that have arrived and are not used yet.
  [[nodiscard]] std::string_view rest() const { return std::string_view(held_).substr(used_); }
  void use(std::size_t size);

  /// Sets the peer's time for the following operations; `end_time` ends it.
  void set_time(std::uint32_t timeout_ms);
  void end_time() { timeout_.disarm(); }
  [[nodiscard]] bool time_is_over() const { return timeout_.rang(); }
  /// Marks the connection as one that can be evicted.
  [[nodiscard]] peers_turn turn_of_peer(peer_wait how);
  [[nodiscard]] bool evicted() const { return evicted_; }
  /// Checks the current state: a certificate can have expired, or its authority can be no longer
  /// trusted.
  [[nodiscard]] bool by_gateway() const;
  [[nodiscard]] const std::string& peer() const { return peer_; }

  /// `farewell`: builds the response that the peer gets when this is closed while a request waits
  /// for a change.
  void allow_long_wait(std::function<std::string()> farewell) { farewell_ = std::move(farewell); }
  void begin() override;
  void end() override;
  [[nodiscard]] bool closed() const override { return closed_; }

 private:
  void interrupt();
  void give_way();
  void close_at_once();
  awaitable<bool> wait(byte_stream::outcome what);
  awaitable<void> drop_the_rest();
  void answer_plain_http();
  byte_stream::outcome write_some(std::string_view& unsent);

  stream_socket socket_;
  std::string peer_;
  connection_place place_;
  session_host& host_;
  std::unique_ptr<byte_stream> link_;  ///< not used once `closed_`: the descriptor may be reused
  operation_timeout timeout_;
  connection_registry::member member_;
  std::function<std::string()> farewell_;
  std::string held_;  ///< bytes that have arrived
  std::size_t used_ = 0;
  bool answered_ = false;  ///< something was sent since the last request began
  bool over_ = false;      ///< the peer has closed, or accepts no bytes
  bool waits_long_ = false;
  bool evicted_ = false;  ///< evicted for another connection
  bool closed_ = false;
};

}  // namespace sonde::ingest
