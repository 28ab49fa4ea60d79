#pragma once

#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "model/ip_address.hpp"
#include "scanner/engine/sweep.hpp"
#include "scanner/errc.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <functional>
#include <vector>

namespace sonde::scanner {

/// A file descriptor with one owner.
class unique_socket {
 public:
  unique_socket() = default;
  explicit unique_socket(int descriptor) : descriptor_(descriptor) {}
  unique_socket(unique_socket&& other) noexcept : descriptor_(other.release()) {}
  unique_socket& operator=(unique_socket&& other) noexcept;
  ~unique_socket();

  [[nodiscard]] int get() const { return descriptor_; }
  [[nodiscard]] int release();
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

/// How one attempt to connect ended.
struct dial_outcome {
  verdict what = verdict::local;
  errc why = errc::local_trouble;
  int system_error = 0;
  std::chrono::microseconds rtt{0};  ///< until the answer
  /// Connected and non-blocking, for `open`. Empty where the connection was made and reset before
  /// anybody could look; `why` is then `errc::reset`.
  unique_socket socket;
};

/// Told how attempts end. Never called from inside `dial`. Has itself forgotten before it goes.
class dial_listener {
 public:
  virtual ~dial_listener() = default;
  virtual void dialed(std::uint64_t token, dial_outcome outcome) = 0;

 private:
  friend class connector;
  std::size_t dials_ = 0;  ///< under way
};

/// Connects many sockets at once, on an epoll of its own inside the loop's: per probe it costs the
/// system calls and nothing else.
///
/// Sockets are bound to nothing, close with RST (no TIME_WAIT), and a socket that has connected to
/// itself, as on a scan of one's own addresses, is trouble of this machine and no open port. One
/// that was refused rests in its slot and is used again. Holds at most `slots` descriptors. Lives
/// on one loop.
class connector {
 public:
  connector(executor loop, std::size_t slots, std::chrono::milliseconds timeout, const clock& clock,
            logger& log);
  ~connector();
  connector(const connector&) = delete;
  connector& operator=(const connector&) = delete;

  void start();
  awaitable<void> stop();

  [[nodiscard]] bool full() const { return free_.empty(); }
  [[nodiscard]] std::size_t slots() const { return slots_.size(); }
  [[nodiscard]] std::size_t free_slots() const { return free_.size(); }
  /// Called when slots have become free, after the listeners have been told; never from inside
  /// another function of this.
  void on_room(std::function<void()> callback) { on_room_ = std::move(callback); }
  /// Has `on_room` called soon: somebody who waited for room does not want it any more.
  void announce_room();

  /// Begins to connect. The outcome comes through the listener, later; what can be said at once is
  /// returned instead. Only while not `full`.
  [[nodiscard]] std::optional<dial_outcome> dial(const model::ip_address& address,
                                                 std::uint16_t port, dial_listener& listener,
                                                 std::uint64_t token);
  /// Drops whatever this listener still waits for. Its outcomes are not told.
  void forget(dial_listener& listener);

 private:
  struct slot {
    int descriptor = -1;  ///< that connects, or rests
    int family = 0;
    std::uint32_t generation = 0;       ///< counts the sockets it has had
    dial_listener* listener = nullptr;  ///< none: it is free
    std::uint64_t token = 0;
    steady_time begun{};
    std::uint32_t older = none;  ///< neighbours in the order of beginning
    std::uint32_t newer = none;
  };
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  awaitable<void> watch();
  awaitable<void> expire();
  [[nodiscard]] unique_socket socket_for(std::uint32_t index, int family);
  void close_rested();
  /// Handles what the epoll has; false when there is nothing more.
  bool harvest();
  void complete(std::uint32_t index);
  /// Gives up the slot and tells its listener. The outcome gets the socket where it is to be kept.
  void tell(std::uint32_t index, dial_outcome outcome);
  /// Gives up the slot and returns its descriptor.
  [[nodiscard]] unique_socket vacate(std::uint32_t index);
  void link_newest(std::uint32_t index);
  void unlink(std::uint32_t index);

  executor loop_;
  const clock& clock_;
  std::chrono::milliseconds timeout_;
  std::vector<slot> slots_;
  std::vector<std::uint32_t> free_;
  bool any_rest_ = false;  ///< of the free ones, some hold a socket
  std::uint32_t oldest_ = none;
  std::uint32_t newest_ = none;
  asio::posix::stream_descriptor epoll_;
  asio::steady_timer expiry_;
  bool asleep_ = false;  ///< nothing is in flight or at rest: the next dial ends the wait
  std::function<void()> on_room_;
  bool room_made_ = false;  ///< and not announced yet
  task_group work_;
};

/// What an error number says about a port, or about this machine. `immediate`: `connect` itself
/// returned it, so it never left this machine; what comes later, somebody else has said.
[[nodiscard]] dial_outcome outcome_of(int system_error, bool immediate);

}  // namespace sonde::scanner
