#include "scanner/engine/engine.hpp"

#include "tests/scanner/scan_fixture.hpp"
#include "tests/support/doctest.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/udp.hpp>

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::scan_fixture;
using reports = std::vector<std::optional<address_report>>;

/// A server on all addresses of this machine; its port.
std::uint16_t serve_everywhere(scan_fixture& f, test::behaviour how) {
  return f.serve(std::move(how), "0.0.0.0").port();
}

/// The n-th of many loopback addresses, in networks of their own.
std::string nth_address(int n) {
  return "127.78." + std::to_string(n / 250) + "." + std::to_string(n % 250 + 1);
}

test::behaviour says_whom_it_is_for() {
  return [](test::tcp_socket peer) -> awaitable<void> {
    co_await test::say(peer, "I am " + peer.local_endpoint().address().to_string() + "\r\n");
    co_await test::ignore(peer);
  };
}

}  // namespace

TEST_CASE("many scans at once: each hears its own host") {
  test::with_engine([](scan_fixture& f) -> awaitable<void> {
    auto port = serve_everywhere(f, says_whom_it_is_for());
    auto ports = std::to_string(port) + "," + std::to_string(test::closed_port("0.0.0.0"));
    reports all(300);
    for (int n = 0; n < 300; ++n)
      f.begin(f.job(nth_address(n), ports), all[static_cast<std::size_t>(n)]);
    co_await f.finished();
    int right = 0;
    for (int n = 0; n < 300; ++n) {
      const auto& report = *all[static_cast<std::size_t>(n)];
      auto banner = test::endpoint_of(report, port).raw_banner;
      right += test::outcome_of(report) == "complete" &&
               test::open_ports(report) == std::to_string(port) &&
               banner == "I am " + nth_address(n) + "\r\n";
    }
    CHECK(right == 300);
  });
}

TEST_CASE("a long sweep holds up no short one") {
  test::with_engine([](scan_fixture& f) -> awaitable<void> {
    std::optional<address_report> large;
    f.begin(f.job("127.77.4.1", "1-65535"), large);
    co_await test::pause(milliseconds(20));
    auto port = serve_everywhere(f, test::greets_with("SSH-2.0-test_1\r\n"));
    for (int n = 0; n < 5; ++n) {
      auto report = co_await f.scan(nth_address(n), std::to_string(port));
      CHECK(test::open_ports(report) == std::to_string(port));
    }
    CHECK(!large.has_value());
    co_await f.finished();
    CHECK(large->progress.done == 65'535);
  });
}

TEST_CASE("scans with many open ports do not keep others from talking") {
  auto bounds = test::short_limits();
  bounds.greeting_timeout_ms = 500;
  bounds.answer_timeout_ms = 200;
  auto body = [](scan_fixture& f) -> awaitable<void> {
    std::string ports;
    for (int i = 0; i < 40; ++i)
      ports += std::to_string(f.serve(test::is_mute(), "127.77.4.2").port()) + ",";
    ports.pop_back();
    std::optional<address_report> large;
    f.begin(f.job("127.77.4.2", ports), large);
    co_await test::pause(milliseconds(100));
    auto& quick = f.serve(test::greets_with("SSH-2.0-quick_1\r\n"), "127.77.4.3");
    auto report = co_await f.scan("127.77.4.3", std::to_string(quick.port()));
    CHECK(test::endpoint_of(report, quick.port()).service.name == "ssh");
    CHECK(!large.has_value());
    f.engine().cancel(f.job("127.77.4.2", "1").task);  // nobody's
    co_await f.finished();
    CHECK(large->observed.endpoints.size() == 40);
  };
  test::with_engine(body, bounds);
}

TEST_CASE("cancel ends the scans of one task, and only these") {
  test::with_engine([](scan_fixture& f) -> awaitable<void> {
    auto port = std::to_string(serve_everywhere(f, test::is_mute()));
    auto mine = f.job("127.78.0.1", port);
    auto mine_too = f.job("127.78.0.2", port);
    mine_too.task = mine.task;
    reports all(3);
    f.begin(mine, all[0]);
    f.begin(mine_too, all[1]);
    f.begin(f.job("127.78.0.3", port), all[2]);
    co_await test::pause(milliseconds(100));
    f.engine().cancel(mine.task);
    co_await test::pause(milliseconds(100));
    REQUIRE(all[0].has_value());
    REQUIRE(all[1].has_value());
    CHECK(!all[0]->observed.how);
    CHECK(!all[1]->observed.how);
    CHECK(!all[2].has_value());
    co_await f.finished();
    CHECK(test::outcome_of(*all[2]) == "complete");
  });
}

TEST_CASE("stop ends everything at once, and what is asked afterwards") {
  auto bounds = test::short_limits();
  bounds.dns_timeout_ms = 30'000;
  bounds.greeting_timeout_ms = 30'000;
  bounds.conversation_timeout_ms = 30'000;
  bounds.connect_timeout_ms = 30'000;
  auto settings = test::test_settings();
  auto names_port = test::closed_port("127.0.0.1");
  settings.resolvers = {"127.0.0.1:" + std::to_string(names_port)};
  auto body = [names_port](scan_fixture& f) -> awaitable<void> {
    asio::ip::udp::socket silent_names(f.loop(), {asio::ip::make_address("127.0.0.1"), names_port});
    test::silent_port silent("127.77.4.4");
    auto port = std::to_string(serve_everywhere(f, test::is_mute()));
    reports all(12);
    for (int n = 0; n < 10; ++n)
      f.begin(f.job(nth_address(n), port), all[static_cast<std::size_t>(n)]);
    f.begin(f.job("127.77.4.4", std::to_string(silent.port())), all[10]);
    f.begin(f.job("127.77.4.5", "1-65535"), all[11]);
    logger log(log_level::error);
    task_group others(f.loop(), log, "look-ups");
    error_code resolved;
    auto look = [&]() -> awaitable<void> {
      auto found = co_await f.engine().resolve("host.example");
      resolved = found ? error_code() : found.error().code;
    };
    others.spawn(look());
    co_await test::pause(milliseconds(100));
    auto begun = f.time().steady_now();
    co_await f.engine().stop();
    CHECK(f.time().steady_now() - begun < seconds(2));
    co_await f.finished();
    co_await others.join();
    for (const auto& report : all) {
      REQUIRE(report.has_value());
      CHECK(!report->observed.how);
    }
    CHECK(resolved == make_error_code(errc::cancelled));
    auto late = co_await f.scan("127.78.0.1", port);
    CHECK(!late.observed.how);
    auto name = co_await f.engine().resolve("host.example");
    CHECK(name.error().code == make_error_code(errc::cancelled));
    co_await f.engine().stop();
  };
  test::with_engine(body, bounds, settings);
}

TEST_CASE("whoever waits for a scan may be cancelled, and nothing of it is left") {
  test::with_engine([](scan_fixture& f) -> awaitable<void> {
    auto& mute = f.serve(test::is_mute());
    logger log(log_level::error);
    task_group callers(f.loop(), log, "callers");
    bool returned = false;
    auto call = [&]() -> awaitable<void> {
      co_await f.scan("127.77.0.1", std::to_string(mute.port()));
      returned = true;
    };
    callers.spawn(call());
    while (mute.accepted() == 0)
      co_await test::pause(milliseconds(5));
    callers.cancel();
    co_await callers.join();
    CHECK(!returned);
    auto begun = f.time().steady_now();
    co_await f.engine().stop();
    CHECK(f.time().steady_now() - begun < milliseconds(500));
  });
}

TEST_CASE("few descriptors are enough for any scan, only slower") {
  auto settings = test::test_settings();
  settings.descriptors = 16;
  auto body = [](scan_fixture& f) -> awaitable<void> {
    auto port = serve_everywhere(f, test::greets_with("SSH-2.0-test_1\r\n"));
    reports all(40);
    for (int n = 0; n < 40; ++n)
      f.begin(f.job(nth_address(n), std::to_string(port)), all[static_cast<std::size_t>(n)]);
    std::optional<address_report> sweep;
    f.begin(f.job("127.77.4.6", "1-3000"), sweep);
    co_await f.finished();
    int right = 0;
    for (const auto& report : all)
      right += test::endpoint_of(*report, port).service.name == "ssh";
    CHECK(right == 40);
    CHECK(sweep->progress.done == 3'000);
  };
  test::with_engine(body, test::short_limits(), settings);
}

TEST_CASE("two tasks may scan one address at once") {
  test::with_engine([](scan_fixture& f) -> awaitable<void> {
    auto& server = f.serve(test::greets_with("SSH-2.0-test_1\r\n"));
    reports all(2);
    for (auto& report : all)
      f.begin(f.job("127.77.0.1", std::to_string(server.port())), report);
    co_await f.finished();
    for (const auto& report : all)
      CHECK(test::endpoint_of(*report, server.port()).service.name == "ssh");
  });
}

}  // namespace sonde::scanner
