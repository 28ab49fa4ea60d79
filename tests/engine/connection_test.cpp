#include "scanner/engine/connection.hpp"

#include "base/async/task_group.hpp"
#include "tests/engine/loopback_server.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/address.hpp>

#include <sys/socket.h>

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;

steady_time in(int ms) {
  return std::chrono::steady_clock::now() + milliseconds(ms);
}

/// A client connection to a server of the test.
awaitable<connection> connected_to(test::loopback_server& server, std::uint16_t as_port = 0) {
  auto loop = co_await asio::this_coro::executor;
  test::tcp_socket raw(loop);
  asio::ip::tcp::endpoint to(asio::ip::make_address(server.address().text()), server.port());
  co_await raw.async_connect(to, asio::use_awaitable);
  auto number = raw.release();
  co_return connection(loop, unique_socket(number), server.address().is_v4(),
                       as_port == 0 ? server.port() : as_port);
}

/// Runs a test with a server that behaves as `how`.
void with_server(test::behaviour how, std::function<awaitable<void>(connection&)> body) {
  auto whole = [&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    test::loopback_server server(loop, "127.77.2.1", how);
    auto link = co_await connected_to(server);
    co_await body(link);
    co_await server.stop();
  };
  test::run(whole());
}

}  // namespace

TEST_CASE("bytes sent before the close are read first, then the end of the stream") {
  auto say_and_close = [](test::tcp_socket peer) -> awaitable<void> {
    co_await test::say(peer, "hello");
  };
  with_server(say_and_close, [](connection& link) -> awaitable<void> {
    std::string heard;
    while (true) {
      auto bytes = co_await link.read(2, in(5'000));
      if (!bytes) {
        CHECK(bytes.error().code == make_error_code(errc::closed));
        break;
      }
      CHECK(bytes->size() <= 2);
      heard += *bytes;
    }
    CHECK(heard == "hello");
  });
}

TEST_CASE("a reset is reported as a reset, not as a close") {
  auto resets_who_speaks = [](test::tcp_socket peer) -> awaitable<void> {
    co_await test::read_until(peer, "?");
    test::reset(peer);
  };
  with_server(resets_who_speaks, [](connection& link) -> awaitable<void> {
    auto written = co_await link.write("?", in(5'000));
    CHECK(written);
    auto bytes = co_await link.read(100, in(5'000));
    REQUIRE(!bytes);
    CHECK(bytes.error().code == make_error_code(errc::reset));
  });
}

TEST_CASE("an operation times out at its deadline, even if the deadline has already passed") {
  with_server(test::is_mute(), [](connection& link) -> awaitable<void> {
    for (int ms : {30, 0, -1000}) {
      auto bytes = co_await link.read(100, in(ms));
      REQUIRE(!bytes);
      CHECK(bytes.error().code == make_error_code(errc::deadline));
    }
    auto written = co_await link.write("still there", in(1'000));
    CHECK(written);
  });
}

TEST_CASE("the deadline of one operation does not end the next operation") {
  auto answers_late = [](test::tcp_socket peer) -> awaitable<void> {
    for (int i = 0; i < 50; ++i) {
      co_await test::read_until(peer, "?");
      co_await test::say(peer, "!");
    }
  };
  with_server(answers_late, [](connection& link) -> awaitable<void> {
    int answers = 0;
    int late = 0;
    // Deadlines about as long as the answer takes. Each short read either succeeds or times out.
    // The long read after it is never cut short.
    for (int i = 0; i < 50; ++i) {
      auto written = co_await link.write("?", in(1'000));
      CHECK(written);
      auto first = co_await link.read(
          1, std::chrono::steady_clock::now() + std::chrono::microseconds(i * 4));
      if (first) {
        ++answers;
        continue;
      }
      ++late;
      CHECK(first.error().code == make_error_code(errc::deadline));
      auto second = co_await link.read(1, in(5'000));
      CHECK(second);
    }
    CHECK(answers + late == 50);
  });
}

TEST_CASE("a peer that never reads does not block a writer indefinitely") {
  with_server(test::never_reads(), [](connection& link) -> awaitable<void> {
    std::string much(64u << 20, 'x');
    auto written = co_await link.write(much, in(150));
    REQUIRE(!written);
    CHECK(written.error().code == make_error_code(errc::deadline));
  });
}

TEST_CASE("a close by another coroutine and a cancellation are not reported as a timeout") {
  with_server(test::is_mute(), [](connection& link) -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    asio::post(loop, [&] { link.close(); });
    auto bytes = co_await link.read(100, in(5'000));
    REQUIRE(!bytes);
    CHECK(bytes.error().code == make_error_code(errc::cancelled));
  });
  with_server(test::is_mute(), [](connection& link) -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    logger log(log_level::error);
    task_group group(loop, log, "readers");
    std::optional<result<std::string>> read;
    auto reads = [](connection& from, std::optional<result<std::string>>& into) -> awaitable<void> {
      auto bytes = co_await from.read(100, in(5'000));
      into.emplace(std::move(bytes));
    };
    group.spawn(reads(link, read));
    co_await asio::post(loop, asio::use_awaitable);
    group.cancel();
    co_await group.join();
    REQUIRE(read);
    REQUIRE(!*read);
    CHECK(read->error().code == make_error_code(errc::cancelled));
  });
}

TEST_CASE("closing a connection sends a reset") {
  bool was_reset = false;
  condition* told = nullptr;
  auto watches = [&](test::tcp_socket peer) -> awaitable<void> {
    std::string bytes(10, '\0');
    error_code failed;
    co_await peer.async_read_some(asio::buffer(bytes),
                                  asio::redirect_error(asio::use_awaitable, failed));
    was_reset = failed == asio::error::connection_reset;
    if (told != nullptr) told->notify_all();
  };
  auto whole = [&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    condition ended(loop);
    told = &ended;
    test::loopback_server server(loop, "127.77.2.2", watches);
    { auto link = co_await connected_to(server); }
    bool in_time = co_await ended.wait_until(in(5'000));
    CHECK(in_time);
    CHECK(was_reset);
    co_await server.stop();
  };
  test::run(whole());
}

TEST_CASE("nothing is written to a listen-only port, and its banner is read") {
  std::string received;
  auto whole = [&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    auto greet_and_record = [&received](test::tcp_socket peer) -> awaitable<void> {
      co_await test::say(peer, "ready\r\n");
      error_code failed;
      std::string bytes(4096, '\0');
      auto token = asio::redirect_error(asio::use_awaitable, failed);
      while (!failed) {
        auto size = co_await peer.async_read_some(asio::buffer(bytes), token);
        received.append(bytes, 0, size);
      }
    };
    test::loopback_server server(loop, "127.77.2.1", greet_and_record);
    for (int number : {515, 9100, 9107, 9112, 9116, 9220, 9290, 9500}) {
      auto port = static_cast<std::uint16_t>(number);
      auto link = co_await connected_to(server, port);
      auto written = co_await link.write("GET / HTTP/1.0\r\n\r\n", in(1'000));
      REQUIRE(!written.has_value());
      CHECK(written.error().code == make_error_code(errc::listen_only));
      auto said = co_await link.read(100, in(1'000));
      REQUIRE(said.has_value());
      CHECK(*said == "ready\r\n");
    }
    co_await server.stop();
  };
  test::run(whole());
  CHECK(received.empty());
}

}  // namespace sonde::scanner
