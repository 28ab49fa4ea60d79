#include "client/connection.hpp"

#include "client/errc.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <sys/socket.h>
#include <vector>

namespace sonde::client {
namespace {

using asio::ip::tcp;
using outcome = byte_link::outcome;

bool has_to_wait(outcome what) {
  return what == outcome::wait_read || what == outcome::wait_write;
}

/// Whether the process that listens on a UNIX socket is run by who it has to be.
result<> check_peer(int descriptor, const server_address& to) {
  if (to.socket.empty() || !to.socket_user) return {};
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return fail(errc::untrusted, to.socket + ": it is not known which user listens there");
  }
  if (peer.uid == 0 || peer.uid == *to.socket_user) return {};
  return fail(errc::untrusted, to.socket + ": the process that listens there is run by the user " +
                                   std::to_string(peer.uid) + ", not by the owner of the folder, " +
                                   std::to_string(*to.socket_user) + "; nothing was sent to it");
}

}  // namespace

connection::connection(executor loop)
    : socket_(loop), alarm_(loop, [this] {
        // Closed, as a connect that is cancelled goes on with the next address.
        error_code ignored;
        socket_.close(ignored);
      }) {}

awaitable<result<>> connection::open(server_address to, const client_tls* tls) {
  auto connected = co_await connect(to);
  if (!connected) co_return connected;
  auto descriptor = socket_.native_handle();
  if (auto trusted = check_peer(descriptor, to); !trusted) co_return trusted;
  link_ = tls == nullptr ? make_plain_link(descriptor) : tls->connect(descriptor, to.host);
  auto step = link_->open();
  while (has_to_wait(step.what)) {
    bool ready = co_await wait(step.what);
    if (!ready) co_return gone("the TLS handshake did not end");
    step = link_->open();
  }
  if (step.what == outcome::done) co_return result<>();
  if (link_->proved() == byte_link::proof::refused) {
    co_return fail(errc::untrusted, to.text() + ": " + link_->remark());
  }
  auto why = link_->remark();
  if (why.empty()) why = "it hung up";
  co_return fail(errc::no_server, "there is no TLS with what answers: " + why);
}

awaitable<result<>> connection::connect(server_address to) {
  auto loop = co_await asio::this_coro::executor;
  std::vector<asio::generic::stream_protocol::endpoint> endpoints;
  error_code failed;
  auto token = asio::redirect_error(asio::use_awaitable, failed);
  if (to.socket.empty()) {
    tcp::resolver resolver(loop);
    auto found = co_await resolver.async_resolve(to.host, to.port, token);
    if (failed) co_return gone(failed.message());
    for (const auto& each : found)
      endpoints.emplace_back(each.endpoint());
  } else {
    endpoints.emplace_back(asio::local::stream_protocol::endpoint(to.socket));
  }
  if (alarm_.rang()) co_return gone({});
  co_await asio::async_connect(socket_, endpoints, token);
  if (failed) co_return gone(failed.message());
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(tcp::no_delay(true), ignored);  // no such thing on a UNIX socket
  co_return result<>();
}

/// Until the descriptor is ready. False: the time is over.
awaitable<bool> connection::wait(outcome what) {
  error_code failed;
  auto kind =
      what == outcome::wait_write ? asio::socket_base::wait_write : asio::socket_base::wait_read;
  co_await socket_.async_wait(kind, asio::redirect_error(asio::use_awaitable, failed));
  co_return !failed && !alarm_.rang();
}

error connection::gone(const std::string& why) const {
  return fail(errc::no_server, alarm_.rang() ? "it did not answer in time" : why);
}

awaitable<result<>> connection::send(std::string bytes) {
  auto unsent = std::string_view(bytes);
  while (!unsent.empty()) {
    auto step = link_->write(unsent);
    if (step.what == outcome::over) co_return gone("it hung up");
    if (step.what == outcome::done) {
      unsent.remove_prefix(step.bytes);
      continue;
    }
    bool ready = co_await wait(step.what);
    if (!ready) co_return gone("it hung up");
  }
  co_return result<>();
}

awaitable<result<std::string_view>> connection::receive() {
  while (true) {
    auto step = link_->read(scratch_);
    if (step.what == outcome::done) co_return std::string_view(scratch_.data(), step.bytes);
    if (step.what == outcome::over) co_return std::string_view();
    bool ready = co_await wait(step.what);
    if (!ready) co_return gone("it hung up");
  }
}

}  // namespace sonde::client
