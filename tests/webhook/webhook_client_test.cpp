#include "webhook/webhook_client.hpp"

#include "base/async/task_group.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"
#include "tests/support/scripted_server.hpp"
#include "webhook/errc.hpp"

#include <csignal>

namespace sonde::webhook {
namespace {

using std::chrono::seconds;
using test::scripted_server;

const model::ip_address here = *model::ip_address::parse("127.0.0.1");

model::webhook_guard guard_of(const std::vector<std::string>& allow) {
  return model::webhook_guard::from_rules(allow).value();
}

post_order order_to(const std::string& scheme, std::uint16_t port) {
  post_order out;
  out.url = model::parse_webhook_url(scheme + "://hooks.example:" + std::to_string(port) + "/a?b")
                .value();
  out.addresses = {here};
  out.headers = {{"webhook-id", "1"}};
  out.body = "{}";
  return out;
}

/// A webhook client, and a receiver on this machine.
struct delivery_world {
  explicit delivery_world(executor loop) : delivery_world(loop, guard_of({"127.0.0.0/8"})) {}
  delivery_world(executor loop, model::webhook_guard guard)
      : receiver(loop),
        group(loop, log, "receiver"),
        client(loop, {"", "sonde/test", std::move(guard)}, bounds, time) {
    std::signal(SIGPIPE, SIG_IGN);
  }

  [[nodiscard]] steady_time deadline() const { return time.steady_now() + seconds(60); }

  scripted_server receiver;
  logger log{log_level::error};
  task_group group;
  limits bounds;
  system_clock time;
  webhook_client client;
};

/// Returns the client's result for one response of the receiver.
result<post_answer> posted(std::string response) {
  auto ask = [&]() -> awaitable<result<post_answer>> {
    auto loop = co_await asio::this_coro::executor;
    delivery_world world(loop);
    std::vector<std::string> answers(1, response);
    world.group.spawn(world.receiver.serve(1, std::move(answers)));
    auto order = order_to("http", world.receiver.port());
    auto out = co_await world.client.post(std::move(order), world.deadline());
    co_await world.group.join();
    auto authority = "hooks.example:" + std::to_string(world.receiver.port());
    CHECK(world.receiver.requests.at(0) ==
          "POST /a?b HTTP/1.1\r\nHost: " + authority +
              "\r\nUser-Agent: sonde/test\r\nContent-Type: application/json\r\nConnection: "
              "close\r\nwebhook-id: 1\r\nContent-Length: 2\r\n\r\n{}");
    co_return out;
  };
  return test::run(ask());
}

void check_failure(const result<post_answer>& got, errc code, const std::string& message) {
  REQUIRE(!got);
  CHECK(got.error().code == make_error_code(code));
  CHECK(got.error().message() == message);
}

}  // namespace

TEST_CASE("the status of a response counts, and its body does not") {
  CHECK(posted("HTTP/1.1 204 No Content\r\n\r\n").value().status == 204);
  auto busy = posted("HTTP/1.1 503 Busy\r\nRetry-After: 9\r\nContent-Length: 99999999\r\n\r\n");
  CHECK(busy.value().status == 503);
  CHECK(busy.value().retry_after == "9");
  CHECK(posted("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").value().status == 200);
}

TEST_CASE("the rest of a response is read until the deadline of the attempt at most") {
  auto ask = []() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    delivery_world world(loop);
    // Far ahead of the machine's clock: no time limit of the client's own ends a read.
    test::manual_clock ahead;
    webhook_client::settings how{"", "sonde/test", guard_of({"127.0.0.0/8"})};
    webhook_client client(loop, std::move(how), world.bounds, ahead);
    // The receiver holds the connection open after a part of the body.
    std::vector<std::string> answers(2, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    world.group.spawn(world.receiver.serve(1, std::move(answers)));
    auto order = order_to("http", world.receiver.port());
    auto deadline = world.time.steady_now() + std::chrono::milliseconds(500);
    auto got = co_await client.post(std::move(order), deadline);
    CHECK(got.value().status == 200);
    co_await world.group.join();
  };
  test::run(ask());
}

TEST_CASE("a response that cannot be read is a failure with its reason") {
  check_failure(posted(""), errc::broken, "the receiver closed the connection before it responded");
  auto noise = posted("SSH-2.0-x\r\n\r\n");
  CHECK(noise.error().code == make_error_code(errc::broken));
  CHECK(noise.error().message().starts_with("the receiver's response is not HTTP: "));
  std::string interim;
  for (int i = 0; i < 8; ++i)
    interim += "HTTP/1.1 100 Continue\r\n\r\n";
  check_failure(posted(interim), errc::broken, "the receiver sent only interim responses");
}

TEST_CASE("the address of the established connection is checked again") {
  auto ask = []() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    delivery_world world(loop, model::webhook_guard());
    auto order = order_to("http", world.receiver.port());
    auto got = co_await world.client.post(std::move(order), world.deadline());
    CHECK(got.error().code == make_error_code(errc::forbidden));
    CHECK(got.error().message().starts_with("127.0.0.1 is loopback"));
  };
  test::run(ask());
}

TEST_CASE("the next address is tried if one refuses the connection") {
  auto ask = []() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    delivery_world world(loop);
    auto port = world.receiver.port();
    std::vector<std::string> answers(1, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    world.group.spawn(world.receiver.serve(1, std::move(answers)));
    auto order = order_to("http", port);
    order.addresses.insert(order.addresses.begin(), *model::ip_address::parse("127.0.0.2"));
    auto got = co_await world.client.post(order, world.deadline());
    CHECK(got.value().status == 200);
    co_await world.group.join();
    order.addresses.pop_back();
    auto refused = co_await world.client.post(order, world.deadline());
    check_failure(
        refused, errc::unreachable,
        "no connection to 127.0.0.2 port " + std::to_string(port) + ": Connection refused");
    order.addresses.clear();
    auto none = co_await world.client.post(order, world.deadline());
    check_failure(none, errc::no_address, "the receiver has no address");
  };
  test::run(ask());
}

TEST_CASE("a receiver without TLS fails an https delivery with the reason") {
  auto ask = []() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    delivery_world world(loop);
    auto greet = [&]() -> awaitable<void> {
      auto socket = co_await world.receiver.acceptor.async_accept(asio::use_awaitable);
      const std::string greeting = "HTTP/1.1 400 Bad Request\r\n\r\n";
      co_await asio::async_write(socket, asio::buffer(greeting), asio::use_awaitable);
      std::string received;
      error_code ended;
      co_await asio::async_read(socket, asio::dynamic_buffer(received),
                                asio::redirect_error(asio::use_awaitable, ended));
    };
    world.group.spawn(greet());
    auto order = order_to("https", world.receiver.port());
    auto got = co_await world.client.post(std::move(order), world.deadline());
    check_failure(got, errc::tls, "no TLS with hooks.example: wrong version number (SSL routines)");
    co_await world.group.join();
  };
  test::run(ask());
}

TEST_CASE("an unreadable file of authorities is named") {
  auto ask = []() -> awaitable<void> {
    limits bounds;
    system_clock time;
    auto loop = co_await asio::this_coro::executor;
    webhook_client::settings how{"/nonexistent", "", {}};
    CHECK_THROWS_WITH(webhook_client(loop, how, bounds, time), "it cannot be read");
  };
  test::run(ask());
}

}  // namespace sonde::webhook
