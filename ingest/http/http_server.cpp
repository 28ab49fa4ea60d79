#include "ingest/http/http_server.hpp"

#include "base/async/operation_timeout.hpp"
#include "base/async/retry.hpp"
#include "ingest/errc.hpp"
#include "ingest/http/problem.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <fmt/core.h>

#include <array>
#include <cstring>
#include <ctime>
#include <sys/stat.h>

namespace sonde::ingest {
namespace {

using asio::ip::tcp;

/// Pause after an error of accept, such as too many open files.
constexpr retry_policy accept_retries{std::chrono::milliseconds(50), std::chrono::milliseconds(50)};
/// Minimum time between two log lines about the connection limit.
constexpr std::chrono::minutes note_pause{1};

/// The number of bytes that are read and dropped after a connection was refused.
constexpr std::size_t dropped_after_refusal = 65'536;
/// The number of refused connections that are read so at one time; others are closed immediately.
constexpr std::size_t most_lingering = 64;

tcp::endpoint tcp_endpoint(const asio::generic::stream_protocol::endpoint& from) {
  tcp::endpoint out;
  std::memcpy(out.data(), from.data(), std::min(from.size(), out.capacity()));
  return out;
}

peer_address peer_of(const stream_socket& socket) {
  error_code failed;
  auto peer = socket.remote_endpoint(failed);
  if (failed || (peer.protocol().family() != AF_INET && peer.protocol().family() != AF_INET6)) {
    return {};
  }
  auto address = tcp_endpoint(peer).address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  bool own = address.is_loopback();
  if (address.is_v4()) return {address.to_string(), own};
  auto bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + bytes.size() / 2, bytes.end(), std::uint8_t{0});
  return {asio::ip::address_v6(bytes).to_string(), own};
}

/// Returns the inode of the file; zero if it does not exist.
std::uint64_t inode_of(const std::filesystem::path& file) {
  struct stat its {};
  return stat(file.c_str(), &its) == 0 ? its.st_ino : 0;
}

}  // namespace

http_server::http_server(context around, handler_function handler)
    : loop_(around.loop),
      host_{
          .handler = std::move(handler),
          .bounds = around.bounds.http,
          .view_bounds = around.bounds.views,
          .log = around.log,
          .counts = answer_counts(around.counts),
          .certificates = certificate_notes(around.counts, around.log),
          .refusals = refusal_log(around.loop, around.log, around.bounds.http.http_refusals_logged),
          .budgets = std::make_shared<traffic_budgets>(around.bounds.http),
          .process_id = std::move(around.process_id),
          .registry = {},
          .room = condition(around.loop)},
      acceptor_(around.loop),
      accepting_(around.loop, around.log, "http"),
      sessions_(around.loop, around.log, "http sessions"),
      leaving_(around.loop, around.log, "http refused connections"),
      accepted_(around.counts.count("sonde_http_connections_total", "Accepted connections.")),
      evicted_(around.counts.count("sonde_http_connections_gave_way_total",
                                   "Connections evicted at the connection limit.")),
      turned_away_(around.counts.count("sonde_http_connections_turned_away_total",
                                       "Connections refused at the limit of one address.")) {}

result<> http_server::check_exposure(const std::string& address, exposure allowed) {
  error_code failed;
  auto where = asio::ip::make_address(address, failed);
  if (failed) return fail(errc::invalid, "http.listen: \"" + address + "\" is not an IP address");
  if (where.is_loopback() || allowed == exposure::any_address) return {};
  return fail(errc::invalid,
              "http.listen: " + address +
                  " can be reached from other machines, and without TLS keys and responses are not "
                  "encrypted; set http.tls_certificate and http.tls_key, or listen on 127.0.0.1 or "
                  "::1 behind a proxy with TLS, or let a gateway connect to http.gateway_socket, "
                  "or, if the network itself is trusted, set http.allow_plaintext = true");
}

result<> http_server::listen(const std::string& address, std::uint16_t port, exposure allowed) {
  if (auto may = check_exposure(address, allowed); !may) return may;
  error_code failed;
  auto where = asio::ip::make_address(address, failed);
  host_.local_names_only = where.is_loopback();
  tcp::endpoint endpoint(where, port);
  acceptor_.open(endpoint.protocol(), failed);
  if (!failed) acceptor_.set_option(asio::socket_base::reuse_address(true), failed);
  if (!failed) acceptor_.bind(endpoint, failed);
  if (!failed) acceptor_.listen(asio::socket_base::max_listen_connections, failed);
  if (!failed) return {};
  return error{failed, fmt::format("cannot listen on {}:{}: {}; choose another with --listen",
                                   address, port, failed.message())};
}

result<> http_server::listen(const std::filesystem::path& file, socket_rights rights) {
  const mode_t nobody_else = rights == socket_rights::user ? 0177 : 0117;
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  error_code failed;
  // Sets the permissions at creation, so that others can never connect.
  auto before = ::umask(nobody_else);
  try {
    asio::local::stream_protocol::endpoint endpoint(file.string());
    acceptor_.open(endpoint.protocol(), failed);
    if (!failed) acceptor_.bind(endpoint, failed);
  } catch (const boost::system::system_error& too_long) {
    failed = too_long.code();
  }
  ::umask(before);
  if (!failed) acceptor_.listen(asio::socket_base::max_listen_connections, failed);
  if (failed) return error{failed, "cannot listen on " + file.string() + ": " + failed.message()};
  file_ = file;
  inode_ = inode_of(file);
  return {};
}

void http_server::use_tls(std::shared_ptr<const tls_server> tls) {
  host_.link = [tls = std::move(tls)](int descriptor) { return tls->accept(descriptor); };
}

void http_server::show_held(metrics& counts) const {
  auto show = [&](const char* what, const byte_budget& budget) {
    counts.show("sonde_http_held_bytes", "Memory held for peers.", {{"of", what}})
        .set(static_cast<double>(budget.held()));
  };
  show("bodies", host_.budgets->bodies);
  show("responses", host_.budgets->responses);
}

std::string http_server::endpoint() const {
  error_code failed;
  auto local = tcp_endpoint(acceptor_.local_endpoint(failed));
  auto host = local.address().to_string();
  if (local.address().is_v6()) host = "[" + host + "]";
  return fmt::format("{}:{}", host, local.port());
}

void http_server::start() {
  accepting_.spawn(accept());
}

awaitable<void> http_server::accept() {
  asio::steady_timer pause(loop_);
  retry_course course(accept_retries, host_.log, "cannot accept a connection");
  while (!host_.stopping) {
    error_code failed;
    auto token = asio::redirect_error(asio::use_awaitable, failed);
    auto socket = co_await acceptor_.async_accept(token);
    if (!failed) {
      course.succeeded();
      co_await admit(std::move(socket));
      continue;
    }
    if (host_.stopping) co_return;
    pause.expires_after(course.failed({failed, {}}));
    co_await pause.async_wait(asio::use_awaitable);
  }
}

awaitable<void> http_server::admit(stream_socket socket) {
  accepted_.add();
  auto peer = peer_of(socket);
  if (!peer.own && !make_room_for(peer.prefix)) {
    turn_away(std::move(socket));
    co_return;
  }
  while (!host_.stopping && host_.open >= host_.bounds.http_connections) {
    bool somebody_goes = host_.registry.make_room();
    if (somebody_goes) evicted_.add();
    note_full();
    // An evicted connection that waited for a change is closed already.
    if (host_.open < host_.bounds.http_connections) break;
    host_.wants_room = !somebody_goes;
    co_await host_.room.wait();
  }
  host_.wants_room = false;
  if (host_.stopping) co_return;
  connection_place place(host_);
  sessions_.spawn(serve(std::move(socket), std::move(peer), std::move(place)));
}

/// Makes room among the connections of one address. Returns false if it is at its limit and all are
/// being processed.
bool http_server::make_room_for(const std::string& address) {
  if (address.empty()) return true;
  if (host_.registry.of(address) < host_.bounds.http_connections_per_address) return true;
  if (!host_.registry.make_room(address)) return false;
  evicted_.add();
  return true;
}

void http_server::turn_away(stream_socket socket) {
  turned_away_.add();
  auto id = host_.process_id + "-" + std::to_string(++host_.requests);
  auto answer = problem(429, "too many connections from your address; wait for responses", id);
  // Sends only what the kernel accepts immediately.
  delivery how;
  how.date = host_.date.at(std::time(nullptr));
  (void)host_.link(socket.native_handle())->write(to_wire(answer, how));
  error_code ignored;
  socket.shutdown(asio::socket_base::shutdown_send, ignored);
  if (leaving_.size() < most_lingering) leaving_.spawn(linger(std::move(socket)));
}

/// Reads what a refused peer still sends, until it closes or the time or the bytes are used up. A
/// socket that is closed with unread bytes resets the connection, and the peer may lose the
/// response.
awaitable<void> http_server::linger(stream_socket socket) {
  operation_timeout deadline(loop_, [&socket] {
    error_code ignored;
    socket.cancel(ignored);
  });
  auto until =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(host_.bounds.http_linger_ms);
  std::array<char, 4096> bytes;
  std::size_t left = dropped_after_refusal;
  while (left > 0) {
    deadline.arm(until);
    auto [failed, size] =
        co_await socket.async_read_some(asio::buffer(bytes), asio::as_tuple(asio::use_awaitable));
    deadline.disarm();
    if (failed || size > left) break;
    left -= size;
  }
}

void http_server::note_full() {
  auto now = std::chrono::steady_clock::now();
  if (now < next_note_) return;
  next_note_ = now + note_pause;
  host_.log.warning(
      "connection limit reached; closing the connection that has waited longest for its peer",
      {{"connections", static_cast<std::int64_t>(host_.open)}});
}

awaitable<void> http_server::serve(stream_socket socket, peer_address peer,
                                   connection_place place) {
  co_await run_session(std::move(socket), std::move(peer), std::move(place), host_);
  host_.room.notify_all();
}

void http_server::remove_file() {
  if (inode_ == 0 || inode_of(file_) != inode_) return;
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
}

awaitable<void> http_server::stop(steady_time deadline) {
  host_.stopping = true;
  error_code ignored;
  // While the socket is bound no other file has its inode.
  remove_file();
  acceptor_.close(ignored);
  accepting_.cancel();
  co_await accepting_.join();
  leaving_.cancel();
  co_await leaving_.join();
  // Sessions that wait for a request end immediately; those with a running request may respond.
  host_.registry.dismiss_idle();
  while (sessions_.size() > 0) {
    bool ended = co_await host_.room.wait_until(deadline);
    if (!ended) break;
  }
  sessions_.cancel();
  co_await sessions_.join();
  host_.refusals.finish();
}

}  // namespace sonde::ingest
