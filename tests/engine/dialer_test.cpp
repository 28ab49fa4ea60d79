#include "scanner/engine/dialer.hpp"

#include "tests/engine/loopback_server.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;

/// A dialer with its dependencies, and one address to dial.
struct dial_bench {
  dial_bench(executor on, double per_second, std::size_t slots = 8)
      : loop(on),
        rates({.per_address = per_second, .per_network = 0}),
        connect(on, slots, milliseconds(300), time, log),
        dial(on, connect, time),
        lease(rates.lease_for(here, network_owner::others)) {
    connect.on_room([this] { dial.room(); });
    connect.start();
  }

  [[nodiscard]] steady_time in(int ms) const { return time.steady_now() + milliseconds(ms); }

  awaitable<result<connection>> to(std::uint16_t port, int ms = 5'000) {
    auto allowed = [this]() -> result<> {
      ++asked;
      if (asked > permitted) return fail(errc::excluded);
      return {};
    };
    return dial.dial(here, port, lease, allowed, in(ms));
  }

  executor loop;
  system_clock time;
  logger log{log_level::error};
  model::ip_address here = model::ip_address::parse("127.77.3.1").value();
  rate_table rates;
  connector connect;
  dialer dial;
  rate_table::lease lease;
  int asked = 0;
  int permitted = 1'000;
};

}  // namespace

TEST_CASE("a dial returns a connection or the reason for the failure") {
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    dial_bench b(loop, 0);
    test::loopback_server server(loop, "127.77.3.1", test::greets_with("hello"));
    auto link = co_await b.to(server.port());
    REQUIRE(link);
    auto said = co_await link->read(100, b.in(1'000));
    REQUIRE(said);
    CHECK(*said == "hello");
    auto refused = co_await b.to(test::closed_port("127.77.3.1"));
    REQUIRE(!refused);
    CHECK(refused.error().code == make_error_code(errc::refused));
    test::silent_port silent("127.77.3.1");
    auto never = co_await b.to(silent.port());
    REQUIRE(!never);
    CHECK(never.error().code == make_error_code(errc::silent));
    auto cut_short = co_await b.to(silent.port(), 50);
    REQUIRE(!cut_short);
    CHECK(cut_short.error().code == make_error_code(errc::silent));
    CHECK(b.connect.free_slots() == 8);
    auto too_late = co_await b.to(server.port(), -1);
    REQUIRE(!too_late);
    CHECK(too_late.error().code == make_error_code(errc::deadline));
    co_await server.stop();
    co_await b.connect.stop();
  }());
}

TEST_CASE("every dial checks the permission") {
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    dial_bench b(loop, 0);
    b.permitted = 2;
    auto closed = test::closed_port("127.77.3.1");
    for (auto expected : {errc::refused, errc::refused, errc::excluded}) {
      auto link = co_await b.to(closed);
      REQUIRE(!link);
      CHECK(link.error().code == make_error_code(expected));
    }
    CHECK(b.asked == 3);
    co_await b.connect.stop();
  }());
}

TEST_CASE("a dial waits for its turn and checks the permission again afterwards") {
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    dial_bench b(loop, 20);
    auto closed = test::closed_port("127.77.3.1");
    auto begun = b.time.steady_now();
    for (int i = 0; i < 5; ++i) {
      auto link = co_await b.to(closed);
      CHECK(link.error().code == make_error_code(errc::refused));
    }
    // One dial starts at once, then one every 50 ms.
    CHECK(b.time.steady_now() - begun >= milliseconds(200));
    b.permitted = b.asked + 1;
    auto excluded_while_waiting = co_await b.to(closed);
    CHECK(excluded_while_waiting.error().code == make_error_code(errc::excluded));
    auto no_time_to_wait = co_await b.to(closed, 10);
    CHECK(no_time_to_wait.error().code == make_error_code(errc::excluded));
    b.permitted = 1'000;
    no_time_to_wait = co_await b.to(closed, 10);
    CHECK(no_time_to_wait.error().code == make_error_code(errc::deadline));
    co_await b.connect.stop();
  }());
}

TEST_CASE("a dial waits for a free slot") {
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    dial_bench b(loop, 0, 1);
    task_group group(loop, b.log, "dials");
    test::silent_port silent("127.77.3.1");
    auto closed = test::closed_port("127.77.3.1");
    std::vector<error_code> ends;
    auto one = [](dial_bench& bench, std::uint16_t port, int ms,
                  std::vector<error_code>& into) -> awaitable<void> {
      auto link = co_await bench.to(port, ms);
      into.push_back(link ? error_code() : link.error().code);
    };
    group.spawn(one(b, silent.port(), 5'000, ends));
    group.spawn(one(b, closed, 5'000, ends));
    group.spawn(one(b, closed, 5'000, ends));
    group.spawn(one(b, closed, 50, ends));
    co_await asio::post(loop, asio::use_awaitable);
    CHECK(b.connect.full());
    CHECK(b.dial.waiting() == 3);
    co_await group.join();
    CHECK(ends ==
          std::vector<error_code>{make_error_code(errc::deadline), make_error_code(errc::silent),
                                  make_error_code(errc::refused), make_error_code(errc::refused)});
    CHECK(b.dial.waiting() == 0);
    co_await b.connect.stop();
  }());
}

TEST_CASE("a free slot that a cancelled dial does not use is announced to others") {
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    dial_bench b(loop, 0, 1);
    task_group holders(loop, b.log, "holders");
    task_group waiters(loop, b.log, "waiters");
    test::silent_port silent("127.77.3.1");
    auto one = [](dial_bench& bench, std::uint16_t port) -> awaitable<void> {
      (void)co_await bench.to(port);
    };
    holders.spawn(one(b, silent.port()));
    waiters.spawn(one(b, silent.port()));
    co_await asio::post(loop, asio::use_awaitable);
    CHECK(b.dial.waiting() == 1);
    waiters.cancel();
    holders.cancel();
    condition room(loop);
    b.connect.on_room([&] { room.notify_all(); });
    bool announced = co_await room.wait_until(b.in(5'000));
    CHECK(announced);
    co_await waiters.join();
    co_await holders.join();
    CHECK(b.dial.waiting() == 0);
    CHECK(b.connect.free_slots() == 1);
    co_await b.connect.stop();
  }());
}

TEST_CASE("a dial that is reset immediately after it connects reports the reset") {
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    dial_bench b(loop, 0);
    test::loopback_server server(loop, "127.77.3.1", [](test::tcp_socket peer) -> awaitable<void> {
      test::reset(peer);
      co_return;
    });
    for (int i = 0; i < 20; ++i) {
      auto link = co_await b.to(server.port());
      error_code how;
      if (link) {
        auto read = co_await link->read(1, b.in(1'000));
        how = read.error().code;
      } else {
        how = link.error().code;
      }
      CHECK(how == make_error_code(errc::reset));
    }
    co_await server.stop();
    co_await b.connect.stop();
  }());
}

}  // namespace sonde::scanner
