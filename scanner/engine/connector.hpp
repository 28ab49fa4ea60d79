#pragma once

#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "model/net/ip_address.hpp"
#include "scanner/engine/sweep.hpp"
#include "scanner/errc.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <functional>
#include <vector>

namespace sonde::scanner {

/// Owns one file descriptor.
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

/// The outcome of one attempt to connect.
struct dial_outcome {
  verdict what = verdict::local;
  errc why = errc::local_error;
  int system_error = 0;
  std::chrono::microseconds rtt{0};  ///< until the response
  /// Connected and non-blocking, for `open`. Empty if the connection was established and reset
  /// before it was examined; `why` is then `errc::reset`.
  unique_socket socket;
};

/// Receives the outcomes of attempts. Never called from inside `dial`. Must call `forget` before
/// its destruction.
class dial_listener {
 public:
  virtual ~dial_listener() = default;
  virtual void dialed(std::uint64_t token, dial_outcome outcome) = 0;

 private:
  friend class connector;
  std::size_t dials_ = 0;  ///< in flight
};

/// Connects many sockets concurrently, on an epoll instance of its own inside the loop's: the cost
/// per probe is the system calls and nothing else.
///
/// Sockets are not bound and close with RST (no TIME_WAIT). A socket that has connected to itself,
/// as in a scan of the machine's own addresses, is a local error and no open port. A refused socket
/// stays in its slot and is used again. Holds at most `slots` descriptors. Lives on one loop.
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
  /// Sets a function that is called when slots have become free, after the listeners were called;
  /// never from inside another function of this class.
  void on_room(std::function<void()> callback) { on_room_ = std::move(callback); }
  /// Schedules a call of `on_room`: a coroutine that waited for room does not need it.
  void announce_room();

  /// Starts to connect. Reports the outcome to the listener later; returns it instead if it is
  /// known immediately. Call only while not `full`.
  [[nodiscard]] std::optional<dial_outcome> dial(const model::ip_address& address,
                                                 std::uint16_t port, dial_listener& listener,
                                                 std::uint64_t token);
  /// Drops all attempts of this listener. Their outcomes are not reported.
  void forget(dial_listener& listener);

 private:
  struct slot {
    int descriptor = -1;  ///< connecting, or kept for reuse
    int family = 0;
    std::uint32_t generation = 0;       ///< counts the sockets it has had
    dial_listener* listener = nullptr;  ///< null: the slot is free
    std::uint64_t token = 0;
    steady_time begun{};
    std::uint32_t older = none;  ///< neighbours in the order of their start
    std::uint32_t newer = none;
  };
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  awaitable<void> watch();
  awaitable<void> expire();
  [[nodiscard]] unique_socket socket_for(std::uint32_t index, int family);
  void close_rested();
  /// Handles pending epoll events; returns false when there are none left.
  bool harvest();
  void complete(std::uint32_t index);
  /// Releases the slot and calls its listener. The outcome contains the socket if it is to be kept.
  void tell(std::uint32_t index, dial_outcome outcome);
  /// Releases the slot and returns its descriptor.
  [[nodiscard]] unique_socket vacate(std::uint32_t index);
  void link_newest(std::uint32_t index);
  void unlink(std::uint32_t index);

  executor loop_;
  const clock& clock_;
  std::chrono::milliseconds timeout_;
  std::vector<slot> slots_;
  std::vector<std::uint32_t> free_;
  bool any_rest_ = false;  ///< some free slots hold a socket
  std::uint32_t oldest_ = none;
  std::uint32_t newest_ = none;
  asio::posix::stream_descriptor epoll_;
  asio::steady_timer expiry_;
  bool asleep_ = false;  ///< nothing is in flight or kept: the next dial ends the wait
  std::function<void()> on_room_;
  bool room_made_ = false;  ///< not announced yet
  task_group work_;
};

/// When an error of a connect occurred.
enum class error_origin {
  call,     ///< `connect` itself returned it, so no packet left this machine
  network,  ///< later: another host reported it, or there was no response
};

/// Maps an error number to the state of a port, or to an error of this machine.
[[nodiscard]] dial_outcome outcome_of(int system_error, error_origin origin);

}  // namespace sonde::scanner
