#include "scanner/engine/connector.hpp"

#include "tests/scanner/loopback_server.hpp"
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

/// Keeps what it is told.
class witness final : public dial_listener {
 public:
  explicit witness(executor loop) : news_(std::move(loop)) {}

  void dialed(std::uint64_t token, dial_outcome outcome) override {
    order.push_back(token);
    outcomes[token] = std::move(outcome);
    news_.notify_all();
  }

  /// Until it was told of so many; false after ten seconds.
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
  /// Expected to be under way afterwards.
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

TEST_CASE("open, closed and silent are told apart") {
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

TEST_CASE("IPv6") {
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

TEST_CASE("what an error number says") {
  struct row {
    int number;
    bool immediate;
    verdict what;
    errc why;
  };
  for (const auto& expected : std::vector<row>{
           {ECONNREFUSED, true, verdict::closed, errc::refused},
           {ECONNREFUSED, false, verdict::closed, errc::refused},
           {ETIMEDOUT, false, verdict::silent, errc::silent},
           {ECONNRESET, false, verdict::open, errc::reset},
           {EPIPE, false, verdict::open, errc::reset},
           {ENETUNREACH, true, verdict::local, errc::no_route},
           {ENETUNREACH, false, verdict::unreachable, errc::unreachable},
           {EHOSTUNREACH, true, verdict::local, errc::no_route},
           {EHOSTUNREACH, false, verdict::unreachable, errc::unreachable},
           {EINVAL, true, verdict::local, errc::no_route},
           {EAFNOSUPPORT, true, verdict::local, errc::no_route},
           {EACCES, true, verdict::local, errc::forbidden},
           {EPERM, true, verdict::local, errc::forbidden},
           {EACCES, false, verdict::unreachable, errc::unreachable},
           {ENOPROTOOPT, false, verdict::unreachable, errc::unreachable},
           {EPROTO, false, verdict::unreachable, errc::unreachable},
           {EOPNOTSUPP, false, verdict::unreachable, errc::unreachable},
           {EMFILE, true, verdict::local, errc::local_trouble},
           {ENFILE, true, verdict::local, errc::local_trouble},
           {ENOBUFS, true, verdict::local, errc::local_trouble},
           {EADDRNOTAVAIL, true, verdict::local, errc::local_trouble},
       }) {
    CAPTURE(expected.number);
    CAPTURE(expected.immediate);
    auto outcome = outcome_of(expected.number, expected.immediate);
    CHECK(outcome.what == expected.what);
    CHECK(outcome.why == expected.why);
    CHECK(outcome.system_error == expected.number);
  }
}

TEST_CASE("a connection that is reset before anybody looks was one") {
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

TEST_CASE("without descriptors it is this machine's trouble, and passes") {
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
    CHECK(outcome->why == errc::local_trouble);
    CHECK(outcome->system_error == EMFILE);
    CHECK(b.connect.free_slots() == 64);
    b.dial("127.77.1.3", closed, 2);
    bool told = co_await b.heard.told(1);
    CHECK(told);
    CHECK(b.heard.outcomes[2].what == verdict::closed);
    co_await b.stop();
  }());
}

TEST_CASE("time runs out in the order in which the attempts began") {
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

TEST_CASE("slots are what it has, and room is announced") {
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

TEST_CASE("a listener that goes is told nothing more, and its slots are announced") {
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
    // The slots are used again at once, while old events may still be on their way.
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

TEST_CASE("a listener may forget from inside what it is told") {
  /// Drops everything as soon as it hears anything.
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

TEST_CASE("stopping in the middle closes what is open") {
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
