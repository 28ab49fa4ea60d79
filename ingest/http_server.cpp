#include "ingest/http_server.hpp"

#include "ingest/errc.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <cstring>
#include <sys/stat.h>

namespace sonde::ingest {
namespace {

using asio::ip::tcp;

/// After an error of accept, such as too many open files.
constexpr std::chrono::milliseconds accept_pause{50};

}  // namespace

http_server::http_server(executor loop, handler_function handler, const limits& limits, logger& log,
                         metrics& counts, std::string process_id)
    : loop_(loop),
      host_{std::move(handler),
            limits,
            log,
            answer_counts(counts),
            std::move(process_id),
            0,
            false,
            false,
            false,
            {}},
      acceptor_(loop),
      accepting_(loop, log, "http"),
      sessions_(loop, log, "http sessions"),
      session_ended_(loop) {}

result<> http_server::listen(const std::string& address, std::uint16_t port,
                             bool plaintext_allowed) {
  error_code failed;
  auto where = asio::ip::make_address(address, failed);
  if (failed) return fail(errc::invalid, "http.listen: \"" + address + "\" is no IP address");
  if (!where.is_loopback() && !plaintext_allowed) {
    return fail(errc::invalid,
                "http.listen: " + address +
                    " can be reached by others, and without TLS keys and answers could be read on "
                    "the way; listen on 127.0.0.1 or ::1 behind a proxy that speaks TLS, or let a "
                    "gateway come to http.gateway_socket, or, where the network itself is trusted, "
                    "set http.allow_plaintext = true");
  }
  host_.local_names_only = where.is_loopback();
  tcp::endpoint endpoint(where, port);
  acceptor_.open(endpoint.protocol(), failed);
  if (!failed) acceptor_.set_option(asio::socket_base::reuse_address(true), failed);
  if (!failed) acceptor_.bind(endpoint, failed);
  if (!failed) acceptor_.listen(asio::socket_base::max_listen_connections, failed);
  if (!failed) return {};
  return error{failed, "cannot listen on " + address + ":" + std::to_string(port) + ": " +
                           failed.message() + "; choose another with --listen"};
}

result<> http_server::listen(const std::filesystem::path& file, socket_rights rights) {
  const mode_t nobody_else = rights == socket_rights::user ? 0177 : 0117;
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  error_code failed;
  // Made with these rights, so that there is no moment when others could connect.
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
  if (!failed) return {};
  return error{failed, "cannot listen on " + file.string() + ": " + failed.message()};
}

std::string http_server::endpoint() const {
  error_code failed;
  auto bound = acceptor_.local_endpoint(failed);
  tcp::endpoint local;
  std::memcpy(local.data(), bound.data(), std::min(bound.size(), local.capacity()));
  auto host = local.address().to_string();
  if (local.address().is_v6()) host = "[" + host + "]";
  return host + ":" + std::to_string(local.port());
}

void http_server::start() {
  accepting_.spawn(accept());
}

awaitable<void> http_server::accept() {
  asio::steady_timer pause(loop_);
  while (!host_.stopping) {
    while (!host_.stopping && sessions_.size() >= host_.bounds.http_connections) {
      co_await session_ended_.wait();
    }
    error_code failed;
    auto token = asio::redirect_error(asio::use_awaitable, failed);
    auto socket = co_await acceptor_.async_accept(token);
    if (!failed) {
      sessions_.spawn(serve(std::move(socket)));
      continue;
    }
    if (host_.stopping) co_return;
    host_.log.warning("a connection could not be accepted", {{"reason", failed.message()}});
    pause.expires_after(accept_pause);
    co_await pause.async_wait(asio::use_awaitable);
  }
}

awaitable<void> http_server::serve(stream_socket socket) {
  co_await run_session(std::move(socket), host_);
  session_ended_.notify_all();
}

awaitable<void> http_server::stop(steady_time deadline) {
  host_.stopping = true;
  error_code ignored;
  acceptor_.close(ignored);
  accepting_.cancel();
  co_await accepting_.join();
  // Sessions that wait for a request end at once; those with one under way may answer it.
  for (auto* idle : host_.idle)
    idle->cancel(ignored);
  while (sessions_.size() > 0) {
    bool ended = co_await session_ended_.wait_until(deadline);
    if (!ended) break;
  }
  sessions_.cancel();
  co_await sessions_.join();
}

}  // namespace sonde::ingest
