#include "scanner/engine/connector.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace sonde::scanner {
namespace {

constexpr int events_at_once = 512;
/// Rounds of events before other work on the loop gets its turn.
constexpr int rounds_at_once = 4;
/// Precision of timeouts.
constexpr std::chrono::milliseconds tick{20};
constexpr std::chrono::milliseconds idle_tick{250};

struct socket_address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

socket_address to_native(const model::ip_address& address, std::uint16_t port) {
  socket_address out;
  auto bytes = address.bytes();
  if (address.is_v4()) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(out.storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, bytes.data(), bytes.size());
    out.size = sizeof v4;
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out.storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
    out.size = sizeof v6;
  }
  return out;
}

/// Detects a simultaneous open with itself: the local port chosen for the socket was the probed
/// port.
bool is_connected_to_itself(int descriptor) {
  sockaddr_storage own{};
  sockaddr_storage peer{};
  socklen_t own_size = sizeof own;
  socklen_t peer_size = sizeof peer;
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &own_size) != 0) return false;
  if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0) return false;
  return own_size == peer_size && std::memcmp(&own, &peer, own_size) == 0;
}

void close_with_reset(int descriptor) {
  linger now{1, 0};
  setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(descriptor);
}

/// Resets a refused socket with connect(2) on AF_UNSPEC, which costs a third of opening another
/// one.
bool disconnect(int descriptor) {
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;
  return connect(descriptor, &nobody, sizeof nobody) == 0;
}

std::uint64_t event_key(std::uint32_t index, std::uint32_t generation) {
  return std::uint64_t{generation} << 32U | index;
}

int make_epoll() {
  int descriptor = epoll_create1(EPOLL_CLOEXEC);
  if (descriptor < 0) throw std::runtime_error("no epoll: " + std::string(std::strerror(errno)));
  return descriptor;
}

}  // namespace

unique_socket& unique_socket::operator=(unique_socket&& other) noexcept {
  if (this != &other) {
    if (descriptor_ >= 0) close_with_reset(descriptor_);
    descriptor_ = other.release();
  }
  return *this;
}

unique_socket::~unique_socket() {
  if (descriptor_ >= 0) close_with_reset(descriptor_);
}

int unique_socket::release() {
  return std::exchange(descriptor_, -1);
}

namespace {

dial_outcome made(verdict what, errc why, int system_error) {
  dial_outcome out;
  out.what = what;
  out.why = why;
  out.system_error = system_error;
  return out;
}

dial_outcome local_outcome(int system_error) {
  switch (system_error) {
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
    case EINVAL:  // a blackhole route
    case EAFNOSUPPORT: return made(verdict::local, errc::no_route, system_error);
    case EACCES:  // a prohibit route
    case EPERM:   // a firewall of this machine
      return made(verdict::local, errc::forbidden, system_error);
    default: return made(verdict::local, errc::local_error, system_error);
  }
}

}  // namespace

dial_outcome outcome_of(int system_error, error_origin origin) {
  switch (system_error) {
    case ECONNREFUSED: return made(verdict::closed, errc::refused, system_error);
    // A reset in response to a SYN is ECONNREFUSED. These two mean that the handshake was
    // completed.
    case ECONNRESET:
    case EPIPE: return made(verdict::open, errc::reset, system_error);
    case ETIMEDOUT: return made(verdict::silent, errc::silent, system_error);
    default: break;
  }
  if (origin == error_origin::call) return local_outcome(system_error);
  // ICMP. It has many errors (EACCES is ICMPv6's "administratively prohibited"), and all of them
  // come from another machine.
  return made(verdict::unreachable, errc::unreachable, system_error);
}

connector::connector(executor loop, std::size_t slots, std::chrono::milliseconds timeout,
                     const clock& clock, logger& log)
    : loop_(loop),
      clock_(clock),
      timeout_(timeout),
      slots_(slots),
      epoll_(loop, make_epoll()),
      expiry_(loop),
      work_(loop, log, "connector") {
  free_.reserve(slots);
  for (auto i = static_cast<std::uint32_t>(slots); i > 0; --i)
    free_.push_back(i - 1);
}

connector::~connector() {
  for (auto& each : slots_) {
    if (each.descriptor >= 0) close_with_reset(each.descriptor);
  }
}

void connector::start() {
  work_.spawn(watch());
  work_.spawn(expire());
}

awaitable<void> connector::stop() {
  work_.cancel();
  co_await work_.join();
}

std::optional<dial_outcome> connector::dial(const model::ip_address& address, std::uint16_t port,
                                            dial_listener& listener, std::uint64_t token) {
  auto index = free_.back();
  auto to = to_native(address, port);
  auto socket = socket_for(index, to.get()->sa_family);
  if (!socket) return outcome_of(errno, error_origin::call);
  if (connect(socket.get(), to.get(), to.size) != 0 && errno != EINPROGRESS) {
    return outcome_of(errno, error_origin::call);
  }
  free_.pop_back();
  auto& s = slots_[index];
  s.descriptor = socket.release();
  s.listener = &listener;
  ++listener.dials_;
  s.token = token;
  s.begun = clock_.steady_now();
  link_newest(index);
  return std::nullopt;
}

/// Returns the socket kept in the slot, or a new one that is registered with epoll under the slot.
/// Registration is edge-triggered: a kept socket would otherwise report in every round that it is
/// not connected.
unique_socket connector::socket_for(std::uint32_t index, int family) {
  auto& s = slots_[index];
  unique_socket rested(std::exchange(s.descriptor, -1));
  if (rested && s.family == family) return rested;
  unique_socket made(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!made) return made;
  s.family = family;
  epoll_event event{};
  event.events = EPOLLOUT | EPOLLET;
  event.data.u64 = event_key(index, ++s.generation);
  if (epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, made.get(), &event) != 0) return {};
  return made;
}

void connector::close_rested() {
  if (!std::exchange(any_rest_, false)) return;
  for (auto index : free_)
    unique_socket closed(std::exchange(slots_[index].descriptor, -1));
}

void connector::forget(dial_listener& listener) {
  if (listener.dials_ == 0) return;
  for (std::uint32_t i = oldest_; i != none && listener.dials_ > 0;) {
    auto next = slots_[i].newer;
    if (slots_[i].listener == &listener) auto dropped = vacate(i);
    i = next;
  }
  announce_room();
}

void connector::announce_room() {
  room_made_ = true;
  expiry_.cancel();
}

awaitable<void> connector::watch() {
  while (true) {
    co_await epoll_.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
    for (int round = 0; round < rounds_at_once; ++round) {
      bool more = harvest();
      if (on_room_) on_room_();
      if (!more) break;
    }
  }
}

bool connector::harvest() {
  std::array<epoll_event, events_at_once> events;
  int count = epoll_wait(epoll_.native_handle(), events.data(), events_at_once, 0);
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    auto index = static_cast<std::uint32_t>(event.data.u64);
    auto generation = static_cast<std::uint32_t>(event.data.u64 >> 32U);
    // An earlier listener of this batch may have released this slot.
    if (slots_[index].listener == nullptr || slots_[index].generation != generation) continue;
    // Hung up without an error: the socket was kept for reuse at that time.
    if ((event.events & EPOLLHUP) != 0 && (event.events & EPOLLERR) == 0) continue;
    complete(index);
  }
  return count > 0;
}

void connector::complete(std::uint32_t index) {
  int descriptor = slots_[index].descriptor;
  int failure = 0;
  socklen_t size = sizeof failure;
  if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size) != 0) failure = errno;
  if (failure != 0) return tell(index, outcome_of(failure, error_origin::network));
  if (is_connected_to_itself(descriptor)) return tell(index, local_outcome(EADDRINUSE));
  epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, descriptor, nullptr);
  dial_outcome connected;
  connected.what = verdict::open;
  tell(index, std::move(connected));
}

void connector::tell(std::uint32_t index, dial_outcome outcome) {
  auto& s = slots_[index];
  outcome.rtt =
      std::chrono::duration_cast<std::chrono::microseconds>(clock_.steady_now() - s.begun);
  auto* listener = s.listener;
  auto token = s.token;
  auto socket = vacate(index);
  if (outcome.system_error == 0) {
    outcome.socket = std::move(socket);
  } else if (outcome.what == verdict::closed && disconnect(socket.get())) {
    s.descriptor = socket.release();
    any_rest_ = true;
  } else if (outcome.what == verdict::local) {
    socket = unique_socket();  // connected, but only to itself
  } else {
    close(socket.release());  // there is no connection to reset
  }
  listener->dialed(token, std::move(outcome));
}

awaitable<void> connector::expire() {
  while (true) {
    bool idle = oldest_ == none;
    if (!room_made_) {
      asleep_ = idle && !any_rest_;
      if (asleep_) {
        expiry_.expires_at(steady_time::max());
      } else {
        expiry_.expires_after(idle ? idle_tick : tick);
      }
      error_code woken;
      co_await expiry_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
      asleep_ = false;
    }
    auto now = clock_.steady_now();
    bool any = std::exchange(room_made_, false);
    while (oldest_ != none && slots_[oldest_].begun + timeout_ <= now) {
      any = true;
      tell(oldest_, outcome_of(ETIMEDOUT, error_origin::network));
    }
    if (any && on_room_) on_room_();
    if (idle && oldest_ == none) close_rested();
  }
}

unique_socket connector::vacate(std::uint32_t index) {
  auto& s = slots_[index];
  unlink(index);
  --s.listener->dials_;
  s.listener = nullptr;
  free_.push_back(index);
  return unique_socket(std::exchange(s.descriptor, -1));
}

void connector::link_newest(std::uint32_t index) {
  auto& s = slots_[index];
  s.older = newest_;
  s.newer = none;
  if (newest_ != none) slots_[newest_].newer = index;
  newest_ = index;
  if (oldest_ == none) oldest_ = index;
  if (asleep_) expiry_.cancel();
}

void connector::unlink(std::uint32_t index) {
  auto& s = slots_[index];
  (s.older == none ? oldest_ : slots_[s.older].newer) = s.newer;
  (s.newer == none ? newest_ : slots_[s.newer].older) = s.older;
}

}  // namespace sonde::scanner
