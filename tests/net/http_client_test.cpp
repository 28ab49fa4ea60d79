#include "net/http_client.hpp"

#include "base/async/task_group.hpp"
#include "net/errc.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"
#include "tests/support/scripted_server.hpp"
#include "tests/support/temporary_folder.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <csignal>
#include <unistd.h>

namespace sonde::net {
namespace {

using asio::ip::tcp;
using std::chrono::hours;
using std::chrono::steady_clock;
using test::scripted_server;

const steady_time in_time = steady_clock::now() + hours(1);
const steady_time too_late = steady_clock::now();

http_request request_for(const std::string& target) {
  http_request out{"GET", target};
  out.set("Host", "example");
  return out;
}

/// Connects to a server of this machine.
awaitable<http_client> connect_to(std::uint16_t port) {
  auto link = std::make_unique<connection>(co_await asio::this_coro::executor);
  auto connected = co_await link->connect_to_address("127.0.0.1", port);
  REQUIRE(connected);
  co_return http_client(std::move(link), response_limits{});
}

struct exchanged {
  unsigned status = 0;
  std::string body;
  bool keeps_open = false;
};

awaitable<result<exchanged>> exchange(http_client& client, std::string target) {
  auto status = co_await client.send(request_for(target), in_time);
  if (!status) co_return status.error();
  auto body = co_await client.read_body(in_time);
  if (!body) co_return body.error();
  co_return exchanged{*status, *body, client.keeps_open()};
}

/// Returns the client's result for one response of a server.
result<exchanged> received(std::string response) {
  auto ask = [&]() -> awaitable<result<exchanged>> {
    auto loop = co_await asio::this_coro::executor;
    scripted_server server(loop);
    logger log(log_level::error);
    task_group group(loop, log, "server");
    std::vector<std::string> answers(1, response);
    group.spawn(server.serve(1, std::move(answers)));
    auto client = co_await connect_to(server.port());
    auto out = co_await exchange(client, "/");
    co_await group.join();
    co_return out;
  };
  return test::run(ask());
}

error_code code_of(errc code) {
  return make_error_code(code);
}

}  // namespace

TEST_CASE("requests follow each other on one connection until the server closes it") {
  const std::vector<std::string> answers{
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-A: b\r\n\r\none",
      "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 3\r\n\r\ntwo"};
  auto ask = [&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    scripted_server server(loop);
    logger log(log_level::error);
    task_group group(loop, log, "server");
    group.spawn(server.serve(1, answers));
    auto client = co_await connect_to(server.port());
    auto first = co_await exchange(client, "/1");
    REQUIRE(first);
    CHECK(first->status == 200);
    CHECK(first->body == "one");
    CHECK(first->keeps_open);
    CHECK(client.field("x-a") == "b");
    auto second = co_await exchange(client, "/2");
    REQUIRE(second);
    CHECK(second->status == 404);
    CHECK(second->body == "two");
    CHECK(!second->keeps_open);
    CHECK(client.field("x-a").empty());
    co_await group.join();
    CHECK(server.requests.at(0) == "GET /1 HTTP/1.1\r\nHost: example\r\n\r\n");
    CHECK(server.requests.size() == 2);
  };
  test::run(ask());
}

TEST_CASE("a response is read up to its end, which may be the end of the connection") {
  auto open_ended = received("HTTP/1.1 200 OK\r\n\r\nuntil the end");
  REQUIRE(open_ended);
  CHECK(open_ended->body == "until the end");
  CHECK(!open_ended->keeps_open);
  auto late = received("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
  REQUIRE(late);
  CHECK(late->status == 204);
}

TEST_CASE("failures of an exchange are distinct") {
  CHECK(received("nonsense\r\n\r\n").error().code == code_of(errc::malformed));
  CHECK(received("").error().code == code_of(errc::closed));
  CHECK(received("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").error().code ==
        code_of(errc::closed));
  CHECK(received("HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n").error().code ==
        code_of(errc::too_long));
}

TEST_CASE("the status is known before the body, and whatever becomes of it") {
  auto ask = []() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    scripted_server server(loop);
    logger log(log_level::error);
    task_group group(loop, log, "server");
    std::vector<std::string> answers(
        1, "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 65537\r\n\r\n");
    group.spawn(server.serve(1, std::move(answers)));
    auto client = co_await connect_to(server.port());
    auto status = co_await client.send(request_for("/"), in_time);
    CHECK(status.value() == 503);
    CHECK(client.field("retry-after") == "7");
    auto body = co_await client.read_body(in_time);
    CHECK(body.error().code == code_of(errc::too_long));
    CHECK(!client.keeps_open());
    co_await group.join();
  };
  test::run(ask());
}

TEST_CASE("a deadline ends an exchange or a handshake, and its connection") {
  auto ask = []() -> awaitable<void> {
    scripted_server silent(co_await asio::this_coro::executor);
    auto client = co_await connect_to(silent.port());
    auto status = co_await client.send(request_for("/"), too_late);
    CHECK(status.error().code == code_of(errc::timeout));
    CHECK(status.error().message() == "it did not respond in time");
    auto again = co_await client.send(request_for("/"), in_time);
    CHECK(again.error().code == code_of(errc::closed));

    auto tls = tls_client::load({}).value();
    connection link(co_await asio::this_coro::executor);
    auto connected = co_await link.connect_to_address("127.0.0.1", silent.port());
    REQUIRE(connected);
    link.set_deadline(too_late);
    auto secured = co_await link.start_tls(*tls, "localhost");
    CHECK(secured.error().code == code_of(errc::timeout));
  };
  test::run(ask());
}

TEST_CASE("a cancelled exchange reports the cancellation") {
  auto ask = []() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    scripted_server silent(loop);
    logger log(log_level::error);
    task_group group(loop, log, "client");
    result<unsigned> status = 0U;
    auto client = co_await connect_to(silent.port());
    auto work = [&]() -> awaitable<void> {
      status = co_await client.send(request_for("/"), in_time);
    };
    group.spawn(work());
    co_await asio::post(loop, asio::use_awaitable);
    group.cancel();
    co_await group.join();
    CHECK(status.error().code == code_of(errc::cancelled));
  };
  test::run(ask());
}

TEST_CASE("a refused connection is distinct from an unknown address and from a missing socket") {
  auto ask = []() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    std::uint16_t free_port = 0;
    {
      scripted_server gone(loop);
      free_port = gone.port();
    }
    connection refused(loop);
    auto none = co_await refused.connect_to_address("127.0.0.1", free_port);
    CHECK(none.error().code == code_of(errc::refused));
    CHECK(none.error().message() == "Connection refused");
    connection unknown(loop);
    auto name = co_await unknown.connect_to_address("localhost", free_port);
    CHECK(name.error().code == code_of(errc::unknown_name));
    connection missing(loop);
    auto file = co_await missing.connect_to_socket("/nonexistent/socket");
    CHECK(file.error().code == code_of(errc::unreachable));
  };
  test::run(ask());
}

TEST_CASE("a connection knows the address of its peer, or the user behind a UNIX socket") {
  const std::vector<std::byte> expected{std::byte{127}, std::byte{0}, std::byte{0}, std::byte{1}};
  auto ask = [&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    scripted_server server(loop);
    connection over_ip(loop);
    auto named = co_await over_ip.connect("127.0.0.1", std::to_string(server.port()));
    REQUIRE(named);
    CHECK(over_ip.peer_address() == expected);

    test::temporary_folder folder;
    auto file = (folder.path() / "socket").string();
    asio::local::stream_protocol::acceptor acceptor(loop, file);
    connection local(loop);
    auto connected = co_await local.connect_to_socket(file);
    REQUIRE(connected);
    CHECK(local.peer_user() == getuid());
    CHECK(local.peer_address().empty());
  };
  test::run(ask());
}

TEST_CASE("a handshake with a server that does not speak TLS fails, and one that it closes") {
  std::signal(SIGPIPE, SIG_IGN);
  auto tls = tls_client::load({}).value();
  auto ask = [&](std::string greeting) -> awaitable<error> {
    auto loop = co_await asio::this_coro::executor;
    scripted_server server(loop);
    logger log(log_level::error);
    task_group group(loop, log, "server");
    auto greet = [&]() -> awaitable<void> {
      auto socket = co_await server.acceptor.async_accept(asio::use_awaitable);
      co_await asio::async_write(socket, asio::buffer(greeting), asio::use_awaitable);
      std::string received;
      error_code ended;
      socket.shutdown(tcp::socket::shutdown_send, ended);
      co_await asio::async_read(socket, asio::dynamic_buffer(received),
                                asio::redirect_error(asio::use_awaitable, ended));
    };
    group.spawn(greet());
    error out;
    {
      connection link(loop);
      auto connected = co_await link.connect_to_address("127.0.0.1", server.port());
      REQUIRE(connected);
      auto secured = co_await link.start_tls(*tls, "localhost");
      out = secured.error();
    }
    co_await group.join();
    co_return out;
  };
  auto plain = test::run(ask("HTTP/1.1 400 Bad Request\r\n\r\n"));
  CHECK(plain.code == code_of(errc::tls));
  CHECK(plain.message() == "wrong version number");
  auto closed = test::run(ask(""));
  CHECK(closed.code == code_of(errc::closed));
}

}  // namespace sonde::net
