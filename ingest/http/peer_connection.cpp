#include "ingest/http/peer_connection.hpp"

#include "ingest/http/problem.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <string>

namespace sonde::ingest {
namespace {

using asio::ip::tcp;
using std::chrono::milliseconds;
using outcome = byte_stream::outcome;

/// Larger receive buffers are freed once their bytes are used.
constexpr std::size_t kept_space = 512;

}  // namespace

peer_connection::peer_connection(stream_socket socket, peer_address peer, connection_place place,
                                 session_host& host)
    : socket_(std::move(socket)),
      peer_(std::move(peer.prefix)),
      place_(std::move(place)),
      host_(host),
      link_(host.link(socket_.native_handle())),
      timeout_(socket_.get_executor(), [this] { interrupt(); }) {
  if (!peer.own) member_.address = peer_;
  member_.give_way = [this] { give_way(); };
  host_.registry.enter(member_);
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(tcp::no_delay(true), ignored);  // fails on a UNIX socket
}

peer_connection::~peer_connection() {
  host_.registry.leave(member_);
}

void peer_connection::interrupt() {
  error_code ignored;
  socket_.cancel(ignored);
}

void peer_connection::give_way() {
  evicted_ = true;
  if (waits_long_) return close_at_once();
  interrupt();
}

/// Closes without waiting: the handler polls only from time to time whether its connection is still
/// open, and the new connection should not wait for that.
void peer_connection::close_at_once() {
  auto bytes = farewell_ ? farewell_() : std::string();
  auto unsent = std::string_view(bytes);
  (void)write_some(unsent);
  link_->close();
  error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
  socket_.close(ignored);
  closed_ = true;
  place_.leave();
}

void peer_connection::begin() {
  if (evicted_) return;
  waits_long_ = true;
  host_.registry.begin_wait(member_, peer_wait::in_request);
  if (host_.wants_room) host_.room.notify_all();
}

void peer_connection::end() {
  waits_long_ = false;
  host_.registry.end_wait(member_);
}

void peer_connection::set_time(std::uint32_t timeout_ms) {
  timeout_.arm(std::chrono::steady_clock::now() + milliseconds(timeout_ms));
}

peers_turn peer_connection::turn_of_peer(peer_wait how) {
  if (host_.wants_room) host_.room.notify_all();
  return {host_.registry, member_, how};
}

/// Waits until the descriptor is ready. Returns false if the time is over or the connection is
/// evicted.
awaitable<bool> peer_connection::wait(outcome what) {
  error_code failed;
  auto kind =
      what == outcome::wait_write ? asio::socket_base::wait_write : asio::socket_base::wait_read;
  auto token = asio::redirect_error(asio::use_awaitable, failed);
  if (evicted_) co_return false;
  co_await socket_.async_wait(kind, token);
  co_return !failed && !timeout_.rang() && !evicted_;
}

awaitable<bool> peer_connection::open() {
  auto step = link_->open();
  if (step.what != outcome::done) {
    set_time(host_.bounds.http_header_timeout_ms);
    auto turn = turn_of_peer(peer_wait::idle);
    while (step.what == outcome::wait_read || step.what == outcome::wait_write) {
      bool ready = co_await wait(step.what);
      if (!ready) co_return false;
      step = link_->open();
    }
    timeout_.disarm();
  }
  host_.certificates.note(*link_, member_.address);
  if (link_->proved() == byte_stream::proof::refused) {
    // A request may follow the certificate; the peer should still read the alert.
    link_ = make_plain_link(socket_.native_handle());
    answered_ = true;
  }
  if (link_->met_plain_http()) answer_plain_http();
  co_return step.what == outcome::done;
}

void peer_connection::answer_plain_http() {
  link_ = make_plain_link(socket_.native_handle());
  auto id = host_.process_id + "-" + std::to_string(++host_.requests);
  auto told =
      problem(400, "this port speaks HTTPS, and the request is plain HTTP; use https://", id);
  told.close = true;
  auto bytes = to_wire(told, {.date = host_.date.at(std::time(nullptr))});
  auto unsent = std::string_view(bytes);
  (void)write_some(unsent);
  answered_ = true;
}

bool peer_connection::by_gateway() const {
  return host_.by_gateway || link_->proved() == byte_stream::proof::listed;
}

void peer_connection::use(std::size_t size) {
  used_ += size;
  if (used_ < held_.size()) return;
  used_ = 0;
  held_.clear();
  if (held_.capacity() > kept_space) held_.shrink_to_fit();
}

awaitable<bool> peer_connection::receive() {
  if (closed_) co_return false;
  auto next = link_->holds_more() ? outcome::done : outcome::wait_read;
  while (true) {
    if (next != outcome::done) {
      bool ready = co_await wait(next);
      if (!ready) co_return false;
    }
    auto got = link_->read(host_.scratch);
    over_ = got.what == outcome::over;
    if (over_) co_return false;
    next = got.what;
    if (next != outcome::done) continue;
    held_.append(host_.scratch.data(), got.bytes);
    co_return true;
  }
}

awaitable<bool> peer_connection::wait_for_request() {
  if (closed_) co_return false;
  if (!rest().empty()) co_return true;
  answered_ = false;
  set_time(host_.bounds.http_idle_timeout_ms);
  auto turn = turn_of_peer(peer_wait::idle);
  bool came = co_await receive();
  timeout_.disarm();
  co_return came;
}

awaitable<bool> peer_connection::write(std::string bytes, byte_budget::hold& room,
                                       std::string caller) {
  if (closed_) co_return false;
  auto unsent = std::string_view(bytes);
  auto step = write_some(unsent);
  answered_ = true;
  if (unsent.empty()) co_return true;
  // The kernel's buffer is full, so the peer does not read. Without room in the budget the rest is
  // not held for it.
  bool held = room.set(caller, std::max<std::uint64_t>(room.bytes(), unsent.size()));
  over_ = step == outcome::over || !held;
  if (over_) co_return false;
  set_time(host_.bounds.http_write_timeout_ms);
  auto turn = turn_of_peer(peer_wait::in_request);
  while (!unsent.empty() && step != outcome::over) {
    bool ready = co_await wait(step);
    if (!ready) break;
    step = write_some(unsent);
  }
  timeout_.disarm();
  over_ = !unsent.empty();
  co_return unsent.empty();
}

outcome peer_connection::write_some(std::string_view& unsent) {
  while (!unsent.empty()) {
    auto sent = link_->write(unsent);
    if (sent.what != outcome::done) return sent.what;
    unsent.remove_prefix(sent.bytes);
  }
  return outcome::done;
}

awaitable<void> peer_connection::finish() {
  if (closed_) co_return;
  link_->close();
  error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
  if (answered_ && !over_ && !evicted_ && !host_.stopping) co_await drop_the_rest();
}

/// Closing a socket with unread data resets the connection, and the peer may lose the response (RFC
/// 9112, section 9.6). A proxy that sends a body in one write turns that into 502.
awaitable<void> peer_connection::drop_the_rest() {
  set_time(host_.bounds.http_linger_ms);
  auto turn = turn_of_peer(peer_wait::idle);
  std::size_t dropped = 0;
  while (dropped < host_.bounds.http_linger_bytes) {
    use(rest().size());
    bool came = co_await receive();
    if (!came) break;
    dropped += rest().size();
  }
  timeout_.disarm();
}

}  // namespace sonde::ingest
