#include "net/connection.hpp"

#include "net/errc.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <netinet/in.h>
#include <span>
#include <sys/socket.h>

namespace sonde::net {
namespace {

using asio::ip::tcp;
using outcome = byte_stream::outcome;

constexpr const char* hung_up = "it hung up";

bool has_to_wait(outcome what) {
  return what == outcome::wait_read || what == outcome::wait_write;
}

template <class Address>
std::vector<std::byte> bytes_of(const Address& address) {
  auto bytes = std::as_bytes(std::span(&address, 1));
  return {bytes.begin(), bytes.end()};
}

}  // namespace

connection::connection(executor loop)
    : socket_(loop), timeout_(loop, [this] {
        // Closes the socket, because a cancelled connect continues with the next address.
        error_code ignored;
        socket_.close(ignored);
      }) {}

awaitable<result<>> connection::connect(std::string host, std::string port) {
  auto loop = co_await asio::this_coro::executor;
  error_code failed;
  tcp::resolver resolver(loop);
  auto found = co_await resolver.async_resolve(host, port,
                                               asio::redirect_error(asio::use_awaitable, failed));
  if (failed && failed != asio::error::operation_aborted && !timeout_.rang()) {
    co_return fail(errc::unknown_name, failed.message());
  }
  if (failed || timeout_.rang()) co_return broken(failed);
  std::vector<endpoint> endpoints;
  for (const auto& each : found)
    endpoints.emplace_back(each.endpoint());
  co_return co_await connect_to_any(std::move(endpoints));
}

awaitable<result<>> connection::connect_to_address(std::string address, std::uint16_t port) {
  error_code failed;
  auto parsed = asio::ip::make_address(address, failed);
  if (failed) co_return fail(errc::unknown_name, failed.message());
  std::vector<endpoint> endpoints;
  endpoints.emplace_back(tcp::endpoint(parsed, port));
  co_return co_await connect_to_any(std::move(endpoints));
}

awaitable<result<>> connection::connect_to_socket(std::string file) {
  std::vector<endpoint> endpoints;
  endpoints.emplace_back(asio::local::stream_protocol::endpoint(file));
  co_return co_await connect_to_any(std::move(endpoints));
}

awaitable<result<>> connection::connect_to_any(std::vector<endpoint> endpoints) {
  error_code failed;
  co_await asio::async_connect(socket_, endpoints,
                               asio::redirect_error(asio::use_awaitable, failed));
  if (failed || timeout_.rang()) co_return broken(failed);
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(tcp::no_delay(true), ignored);  // a UNIX socket has no such option
  stream_ = make_plain_link(socket_.native_handle());
  co_return result<>();
}

awaitable<result<>> connection::start_tls(const tls_client& tls, std::string host) {
  if (!socket_.is_open()) co_return broken(asio::error::eof);
  stream_ = tls.connect(socket_.native_handle(), std::move(host));
  auto step = stream_->open();
  while (has_to_wait(step.what)) {
    auto ready = co_await wait(step.what);
    if (!ready) co_return ready;
    step = stream_->open();
  }
  if (step.what == outcome::done) co_return result<>();
  auto why = stream_->remark();
  if (stream_->proved() == byte_stream::proof::refused) co_return fail(errc::untrusted, why);
  if (why.empty()) co_return fail(errc::closed, hung_up);
  co_return fail(errc::tls, why);
}

/// Waits until the descriptor is ready. The socket is closed once the deadline has passed.
awaitable<result<>> connection::wait(outcome what) {
  error_code failed;
  auto kind =
      what == outcome::wait_write ? asio::socket_base::wait_write : asio::socket_base::wait_read;
  co_await socket_.async_wait(kind, asio::redirect_error(asio::use_awaitable, failed));
  if (failed || timeout_.rang()) co_return broken(failed);
  co_return result<>();
}

error connection::broken(const error_code& failed) const {
  if (timeout_.rang()) return fail(errc::timeout, "it did not respond in time");
  if (failed == asio::error::operation_aborted) return fail(errc::cancelled, failed.message());
  if (failed == asio::error::connection_refused) return fail(errc::refused, failed.message());
  if (stream_) return fail(errc::closed, hung_up);
  return fail(errc::unreachable, failed.message());
}

awaitable<result<>> connection::send(std::string bytes) {
  if (!socket_.is_open()) co_return broken(asio::error::eof);
  auto unsent = std::string_view(bytes);
  while (!unsent.empty()) {
    auto step = stream_->write(unsent);
    if (step.what == outcome::over) co_return fail(errc::closed, hung_up);
    if (step.what == outcome::done) {
      unsent.remove_prefix(step.bytes);
      continue;
    }
    auto ready = co_await wait(step.what);
    if (!ready) co_return ready;
  }
  co_return result<>();
}

awaitable<result<std::string_view>> connection::receive() {
  if (!socket_.is_open()) co_return broken(asio::error::eof);
  while (true) {
    auto step = stream_->read(scratch_);
    if (step.what == outcome::done) co_return std::string_view(scratch_.data(), step.bytes);
    if (step.what == outcome::over) co_return std::string_view();
    auto ready = co_await wait(step.what);
    if (!ready) co_return ready.error();
  }
}

std::vector<std::byte> connection::peer_address() const {
  error_code failed;
  auto peer = socket_.remote_endpoint(failed);
  if (failed) return {};
  if (peer.protocol().family() == AF_INET) {
    return bytes_of(reinterpret_cast<const sockaddr_in*>(peer.data())->sin_addr);
  }
  if (peer.protocol().family() == AF_INET6) {
    return bytes_of(reinterpret_cast<const sockaddr_in6*>(peer.data())->sin6_addr);
  }
  return {};
}

std::optional<std::uint32_t> connection::peer_user() {
  ucred peer{};
  socklen_t size = sizeof peer;
  auto descriptor = socket_.native_handle();
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer.uid;
}

}  // namespace sonde::net
