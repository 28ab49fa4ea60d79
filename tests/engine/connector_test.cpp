#include "scanner/engine/connector.hpp"

#include "tests/engine/loopback_server.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"

#include <cerrno>
#include <map>
#include <sys/resource.h>
#include <sys/socket.h>

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

model::ip_address dialled(const char* text) {
  return model::ip_address::parse(text).value();
}

/// Records the results that it receives.
class witness final : public dial_listener {
 public:
  explicit witness(executor loop) : news_(std::move(loop)) {}

  void dialed(std::uint64_t token, dial_outcome outcome) override {
    order.push_back(token);
    outcomes[token] = std::move(outcome);
    news_.notify_all();
  }

  /// Waits until `count` results have arrived. Returns false after ten seconds.
  awaitable<bool> told(std::size_t count) {
    auto until = std::chrono::steady_clock::now() + seconds(10);
    while (order.size() < count) {
      bool news = co_await news_.wait_until(until);
      if (!news) co_return false;
    }
    co_return true;
  }

  std::vector<std::uint64_t> order;
  std::map<std::uint64_t, dial_outcome> outcomes;

 private:
  condition news_;
};

struct bench {
  explicit bench(executor on, std::size_t slots = 64, milliseconds timeout = milliseconds(300))
      : loop(on), connect(on, slots, timeout, time, log), heard(on) {
    connect.start();
  }
  awaitable<void> stop() {
    connect.forget(heard);
    co_await connect.stop();
  }
  /// Starts a dial that has to be in progress afterwards.
  void dial(const char* address, std::uint16_t port, std::uint64_t token) {
    CHECK(!connect.dial(dialled(address), port, heard, token));
  }

  executor loop;
  system_clock time;
  logger log{log_level::error};
  connector connect;
  witness heard;
};

}  // namespace

TEST_CASE("open, closed and silent ports get different verdicts") {
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    bench b(loop);
    test::loopback_server server(loop, "127.77.1.1", test::is_mute());
    test::silent_port silent("127.77.1.1");
    b.dial("127.77.1.1", server.port(), 1);
    b.dial("127.77.1.1", test::closed_port("127.77.1.1"), 2);
    b.dial("127.77.1.1", silent.port(), 3);
    CHECK(b.connect.free_slots() == 61);
    bool all = co_await b.heard.told(3);
    REQUIRE(all);
    CHECK(b.heard.outcomes[1].what == verdict::open);
    CHECK(b.heard.outcomes[1].socket);
    CHECK(b.heard.outcomes[2].what == verdict::closed);
    CHECK(b.heard.outcomes[2].why == errc::refused);
    CHECK(!b.heard.outcomes[2].socket);
    CHECK(b.heard.outcomes[3].what == verdict::silent);
    CHECK(b.heard.outcomes[3].rtt >= milliseconds(300));
    CHECK(b.heard.outcomes[1].rtt < milliseconds(300));
    CHECK(b.heard.order.back() == 3);
    CHECK(b.connect.free_slots() == 64);
    co_await server.stop();
    co_await b.stop();
  }());
}

TEST_CASE("a dial works over IPv6") {
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    bench b(loop);
    test::loopback_server server(loop, "::1", test::is_mute());
    b.dial("::1", server.port(), 1);
    b.dial("::1", 1, 2);
    bool all = co_await b.heard.told(2);
    REQUIRE(all);
    CHECK(b.heard.outcomes[1].what == verdict::open);
    CHECK(b.heard.outcomes[2].what == verdict::closed);
    co_await server.stop();
    co_await b.stop();
  }());
}

TEST_CASE("each error number maps to its verdict") {
  struct row {
    int number;
    error_origin origin;
    verdict what;
    errc why;
  };
  for (const auto& expected : std::vector<row>{
           {ECONNREFUSED, error_origin::call, verdict::closed, errc::refused},
           {ECONNREFUSED, error_origin::network, verdict::closed, errc::refused},
           {ETIMEDOUT, error_origin::network, verdict::silent, errc::silent},
           {ECONNRESET, error_origin::network, verdict::open, errc::reset},
           {EPIPE, error_origin::network, verdict::open, errc::reset},
           {ENETUNREACH, error_origin::call, verdict::local, errc::no_route},
           {ENETUNREACH, error_origin::network, verdict::unreachable, errc::unreachable},
           {EHOSTUNREACH, error_origin::call, verdict::local, errc::no_route},
           {EHOSTUNREACH, error_origin::network, verdict::unreachable, errc::unreachable},
           {EINVAL, error_origin::call, verdict::local, errc::no_route},
           {EAFNOSUPPORT, error_origin::call, verdict::local, errc::no_route},
           {EACCES, error_origin::call, verdict::local, errc::forbidden},
           {EPERM, error_origin::call, verdict::local, errc::forbidden},
           {EACCES, error_origin::network, verdict::unreachable, errc::unreachable},
           {ENOPROTOOPT, error_origin::network, verdict::unreachable, errc::unreachable},
           {EPROTO, error_origin::network, verdict::unreachable, errc::unreachable},
           {EOPNOTSUPP, error_origin::network, verdict::unreachable, errc::unreachable},
           {EMFILE, error_origin::call, verdict::local, errc::local_error},
           {ENFILE, error_origin::call, verdict::local, errc::local_error},
           {ENOBUFS, error_origin::call, verdict::local, errc::local_error},
           {EADDRNOTAVAIL, error_origin::call, verdict::local, errc::local_error},
       }) {
    CAPTURE(expected.number);
    CAPTURE(static_cast<int>(expected.origin));
    auto outcome = outcome_of(expected.number, expected.origin);
    CHECK(outcome.what == expected.what);
    CHECK(outcome.why == expected.why);
    CHECK(outcome.system_error == expected.number);
  }
}

TEST_CASE("a connection that is reset before the connector examines it counts as open") {
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    bench b(loop);
    test::loopback_server server(loop, "127.77.1.2", [](test::tcp_socket peer) -> awaitable<void> {
      test::reset(peer);
      co_return;
    });
    int resets = 0;
    for (std::uint64_t i = 0; i < 20; ++i)
      b.dial("127.77.1.2", server.port(), i);
    bool all = co_await b.heard.told(20);
    REQUIRE(all);
    for (const auto& [token, outcome] : b.heard.outcomes) {
      CHECK(outcome.what == verdict::open);
      if (outcome.socket) continue;
      ++resets;
      CHECK(outcome.why == errc::reset);
    }
    MESSAGE(resets << " of 20 were reset before they were looked at");
    co_await server.stop();
    co_await b.stop();
  }());
}

TEST_CASE("a lack of descriptors is a local error, and it passes") {
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    bench b(loop);
    auto closed = test::closed_port("127.77.1.3");
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    rlimit none{0, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    auto outcome = b.connect.dial(dialled("127.77.1.3"), closed, b.heard, 1);
    setrlimit(RLIMIT_NOFILE, &before);
    REQUIRE(outcome);
    CHECK(outcome->what == verdict::local);
    CHECK(outcome->why == errc::local_error);
    CHECK(outcome->system_error == EMFILE);
    CHECK(b.connect.free_slots() == 64);
    b.dial("127.77.1.3", closed, 2);
    bool told = co_await b.heard.told(1);
    CHECK(told);
    CHECK(b.heard.outcomes[2].what == verdict::closed);
    co_await b.stop();
  }());
}

TEST_CASE("attempts time out in the order in which they started") {
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    test::manual_clock time;
    logger log(log_level::error);
    connector connect(loop, 8, milliseconds(3500), time, log);
    witness heard(loop);
    connect.start();
    test::silent_port silent("127.77.1.4");
    for (std::uint64_t token = 1; token <= 4; ++token) {
      CHECK(!connect.dial(dialled("127.77.1.4"), silent.port(), heard, token));
      time.advance(milliseconds(10));
    }
    time.advance(milliseconds(3470));  // the first two are due: 3,510 and 3,500 ms old
    bool two = co_await heard.told(2);
    CHECK(two);
    CHECK(heard.order == std::vector<std::uint64_t>{1, 2});
    CHECK(connect.free_slots() == 6);
    time.advance(milliseconds(10'000));
    bool all = co_await heard.told(4);
    CHECK(all);
    CHECK(heard.order == std::vector<std::uint64_t>{1, 2, 3, 4});
    for (const auto& [token, outcome] : heard.outcomes)
      CHECK(outcome.what == verdict::silent);
    co_await connect.stop();
  }());
}

TEST_CASE("the number of slots limits concurrent dials, and a free slot is announced") {
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    bench b(loop, 3, milliseconds(100));
    int announced = 0;
    condition room(loop);
    b.connect.on_room([&] {
      ++announced;
      room.notify_all();
    });
    test::silent_port silent("127.77.1.5");
    for (std::uint64_t token = 0; token < 3; ++token)
      b.dial("127.77.1.5", silent.port(), token);
    CHECK(b.connect.full());
    CHECK(announced == 0);
    bool told = co_await b.heard.told(3);
    CHECK(told);
    CHECK(!b.connect.full());
    if (announced == 0) co_await room.wait();
    CHECK(announced > 0);
    co_await b.stop();
  }());
}

TEST_CASE("a removed listener receives no further result, and its slots are announced as free") {
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    bench b(loop, 4, milliseconds(100));
    witness other(loop);
    test::silent_port silent("127.77.1.6");
    auto closed = test::closed_port("127.77.1.6");
    CHECK(!b.connect.dial(dialled("127.77.1.6"), silent.port(), other, 7));
    for (std::uint64_t token = 0; token < 3; ++token)
      b.dial("127.77.1.6", silent.port(), token);
    condition room(loop);
    b.connect.on_room([&] { room.notify_all(); });
    b.connect.forget(b.heard);
    CHECK(b.connect.free_slots() == 3);
    bool announced =
        co_await room.wait_until(std::chrono::steady_clock::now() + milliseconds(5'000));
    CHECK(announced);
    // The slots are reused at once, while old events may still arrive.
    for (std::uint64_t token = 10; token < 13; ++token)
      b.dial("127.77.1.6", closed, token);
    bool told = co_await b.heard.told(3);
    CHECK(told);
    bool other_told = co_await other.told(1);
    CHECK(other_told);
    CHECK(b.heard.order.size() == 3);
    CHECK(b.heard.outcomes.contains(10));
    CHECK(other.outcomes[7].what == verdict::silent);
    b.connect.forget(b.heard);
    co_await b.stop();
  }());
}

TEST_CASE("a listener may remove itself inside its callback") {
  /// Drops everything when the first result arrives.
  class quitter final : public dial_listener {
   public:
    explicit quitter(connector& c) : connect(c) {}
    void dialed(std::uint64_t, dial_outcome) override {
      ++told;
      connect.forget(*this);
    }
    connector& connect;
    int told = 0;
  };
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    bench b(loop);
    quitter quits(b.connect);
    auto closed = test::closed_port("127.77.1.7");
    for (std::uint64_t token = 0; token < 30; ++token)
      CHECK(!b.connect.dial(dialled("127.77.1.7"), closed, quits, token));
    b.dial("127.77.1.7", closed, 99);
    bool told = co_await b.heard.told(1);
    CHECK(told);
    CHECK(quits.told == 1);
    CHECK(b.connect.free_slots() == 64);
    co_await b.stop();
  }());
}

TEST_CASE("stopping during a dial closes the open connections") {
  test::run([]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    test::silent_port silent("127.77.1.8");
    bench b(loop);
    for (std::uint64_t token = 0; token < 10; ++token)
      b.dial("127.77.1.8", silent.port(), token);
    co_await b.connect.stop();
    co_await b.connect.stop();
    CHECK(b.heard.order.empty());
    b.connect.forget(b.heard);
  }());
}

}  // namespace sonde::scanner
