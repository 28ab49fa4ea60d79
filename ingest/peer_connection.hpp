#pragma once

#include "base/async/alarm.hpp"
#include "ingest/session_host.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace sonde::ingest {

/// One connection below HTTP: bytes in and out with the peer's time for them, and when it has to
/// make room for another.
///
/// Holds what has arrived and was not used. While a request waits for news (`long_wait`) its
/// connection can be closed at once: its place is free before the request's handler has noticed.
/// Lives on the server's loop; one coroutine uses it.
class peer_connection final : public long_wait {
 public:
  peer_connection(stream_socket socket, peer_address peer, connection_place place,
                  session_host& host);
  ~peer_connection() override;
  peer_connection(const peer_connection&) = delete;
  peer_connection& operator=(const peer_connection&) = delete;

  /// Until HTTP can be spoken on it. False: it has ended.
  awaitable<bool> open();
  /// Waits for the first byte of the next request. False: there is none.
  awaitable<bool> wait_for_request();
  /// Takes what comes next. False: it has gone, its time is over, or this has to give way.
  awaitable<bool> receive();
  /// Sends, as far as the peer takes it. What the peer does not take at once is held in `room` for
  /// `caller`. False: not to the end, and the connection is of no use any more.
  awaitable<bool> write(std::string bytes, byte_budget::hold& room, std::string caller);
  /// Says goodbye. After an answer it waits a little for the peer to have read it.
  awaitable<void> finish();

  /// What has arrived and was not used yet.
  [[nodiscard]] std::string_view rest() const { return std::string_view(held_).substr(used_); }
  void use(std::size_t size);

  /// The peer's time for what follows; `end_time` ends it.
  void set_time(std::uint32_t timeout_ms);
  void end_time() { alarm_.disarm(); }
  [[nodiscard]] bool time_is_over() const { return alarm_.rang(); }
  /// From now on this is a connection that can be asked to go.
  [[nodiscard]] peers_turn turn_of_peer(bool idle);
  [[nodiscard]] bool gave_way() const { return gave_way_; }
  /// Now: a certificate can have ended, or its authority be no longer believed.
  [[nodiscard]] bool by_gateway() const;
  [[nodiscard]] const std::string& peer() const { return peer_; }

  /// `farewell`: what the peer is answered when this is closed while a request waits for news.
  void allow_long_wait(std::function<std::string()> farewell) { farewell_ = std::move(farewell); }
  void begin() override;
  void end() override;
  [[nodiscard]] bool closed() const override { return closed_; }

 private:
  void interrupt();
  void give_way();
  void close_at_once();
  awaitable<bool> wait(byte_link::outcome what);
  awaitable<void> drop_the_rest();
  void answer_plain_http();
  byte_link::outcome write_some(std::string_view& unsent);

  stream_socket socket_;
  std::string peer_;
  connection_place place_;
  session_host& host_;
  std::unique_ptr<byte_link> link_;  ///< not used once `closed_`: its descriptor is another's
  alarm alarm_;
  connection_book::member member_;
  std::function<std::string()> farewell_;
  std::string held_;  ///< has arrived
  std::size_t used_ = 0;
  bool answered_ = false;  ///< something was sent since the last request began
  bool over_ = false;      ///< the peer has ended it, or takes nothing
  bool waits_long_ = false;
  bool gave_way_ = false;  ///< this has to end, for another
  bool closed_ = false;
};

}  // namespace sonde::ingest
