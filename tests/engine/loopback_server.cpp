#include "tests/engine/loopback_server.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace sonde::test {
namespace {

using boost::asio::ip::tcp;

tcp::endpoint endpoint_of(const std::string& address, std::uint16_t port) {
  return {asio::ip::make_address(address), port};
}

sockaddr_in native(const std::string& address, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  inet_pton(AF_INET, address.c_str(), &out.sin_addr);
  return out;
}

void require_done(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("the test could not ") + what);
}

}  // namespace

loopback_server::loopback_server(executor loop, const std::string& address, behaviour serve,
                                 std::uint16_t port)
    : address_(address),
      serve_(std::move(serve)),
      acceptor_(loop, endpoint_of(address, port)),
      group_(loop, log_, "server"),
      port_(acceptor_.local_endpoint().port()) {
  group_.spawn(accept());
}

awaitable<void> loopback_server::stop() {
  error_code ignored;
  acceptor_.close(ignored);
  group_.cancel();
  co_await group_.join();
}

model::ip_address loopback_server::address() const {
  return model::ip_address::parse(address_).value();
}

awaitable<void> loopback_server::accept() {
  while (acceptor_.is_open()) {
    error_code failed;
    auto peer = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, failed));
    if (failed) co_return;
    ++accepted_;
    group_.spawn(serve_one(std::move(peer)));
  }
}

awaitable<void> loopback_server::serve_one(tcp_socket peer) {
  try {
    co_await serve_(std::move(peer));
  } catch (const boost::system::system_error&) {
    // The peer has closed the connection, or the test is over.
  }
}

struct connection_gate::state {
  condition opened;
  bool is_open = false;
};

connection_gate::connection_gate(executor loop)
    : state_(std::make_shared<state>(state{condition(std::move(loop)), false})) {}

behaviour connection_gate::holds() const {
  return [gate = state_](tcp_socket peer) { return hold(gate, std::move(peer)); };
}

void connection_gate::open() {
  state_->is_open = true;
  state_->opened.notify_all();
}

awaitable<void> connection_gate::hold(std::shared_ptr<state> gate,
                                      [[maybe_unused]] tcp_socket peer) {
  while (!gate->is_open)
    co_await gate->opened.wait();
}

awaitable<void> pause(std::chrono::milliseconds time) {
  auto loop = co_await asio::this_coro::executor;
  asio::steady_timer timer(loop, time);  // pause: its callers say why
  co_await timer.async_wait(asio::use_awaitable);
}

awaitable<void> say(tcp_socket& peer, std::string words) {
  co_await asio::async_write(peer, asio::buffer(words), asio::use_awaitable);
}

awaitable<std::string> read_until(tcp_socket& peer, std::string what) {
  std::string read;
  co_await asio::async_read_until(peer, asio::dynamic_buffer(read), what, asio::use_awaitable);
  co_return read;
}

awaitable<std::string> read_get(tcp_socket& peer) {
  std::string read;
  std::string bytes(4096, '\0');
  while (read.find("\r\n\r\n") == std::string::npos) {
    auto size = co_await peer.async_read_some(asio::buffer(bytes), asio::use_awaitable);
    read.append(bytes, 0, size);
    if (!read.starts_with("GET ")) co_return std::string();
  }
  co_return read;
}

awaitable<void> until_asked(tcp_socket& peer) {
  std::string bytes(4096, '\0');
  co_await peer.async_read_some(asio::buffer(bytes), asio::use_awaitable);
}

awaitable<void> ignore(tcp_socket& peer) {
  std::string bytes(4096, '\0');
  while (true)
    co_await peer.async_read_some(asio::buffer(bytes), asio::use_awaitable);
}

void reset(tcp_socket& peer) {
  error_code ignored;
  peer.set_option(asio::socket_base::linger(true, 0), ignored);
  peer.close(ignored);
}

behaviour greets_with(std::string words) {
  return [words](tcp_socket peer) -> awaitable<void> {
    co_await say(peer, words);
    co_await until_asked(peer);
  };
}

behaviour is_mute() {
  return [](tcp_socket peer) -> awaitable<void> { co_await ignore(peer); };
}

behaviour never_reads() {
  return [](tcp_socket peer) -> awaitable<void> {
    connection_gate shut(peer.get_executor());
    auto hold = shut.holds();
    co_await hold(std::move(peer));
  };
}

behaviour answers_http(std::string head) {
  return [head](tcp_socket peer) -> awaitable<void> {
    auto asked = co_await read_until(peer, "\n");
    if (asked.starts_with("GET / HTTP/1.0")) {
      co_await say(peer, head + "\r\n\r\n<html>");
    } else {
      co_await say(peer, "HTTP/1.1 400 Bad Request\r\nServer: tested/1.0\r\n\r\n");
    }
  };
}

silent_port::silent_port(const std::string& address) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto at = native(address, 0);
  socklen_t size = sizeof at;
  require_done(bind(listener_, reinterpret_cast<sockaddr*>(&at), size) == 0 &&
                   listen(listener_, 0) == 0 &&
                   getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) == 0,
               "listen");
  port_ = ntohs(at.sin_port);
  // A backlog of 0 accepts one connection. Every later one gets no answer.
  for (int& each : inside_) {
    each = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    (void)connect(each, reinterpret_cast<sockaddr*>(&at), size);
  }
}

silent_port::~silent_port() {
  for (int each : inside_)
    close(each);
  close(listener_);
}

std::uint16_t closed_port(const std::string& address) {
  int one = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto at = native(address, 0);
  socklen_t size = sizeof at;
  bool bound = bind(one, reinterpret_cast<sockaddr*>(&at), size) == 0 &&
               getsockname(one, reinterpret_cast<sockaddr*>(&at), &size) == 0;
  close(one);
  require_done(bound, "bind");
  return ntohs(at.sin_port);
}

}  // namespace sonde::test
