#include "scanner/engine/engine.hpp"

#include "tests/engine/scan_fixture.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/until.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/udp.hpp>

#include <algorithm>

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::scan_fixture;
using reports = std::vector<std::optional<address_report>>;

/// Starts a server on all addresses of this machine and returns its port.
std::uint16_t serve_everywhere(scan_fixture& f, test::behaviour how) {
  return f.serve(std::move(how), "0.0.0.0").port();
}

/// The n-th of many loopback addresses, spread over separate networks.
std::string nth_address(int n) {
  return "127.78." + std::to_string(n / 250) + "." + std::to_string(n % 250 + 1);
}

test::behaviour says_whom_it_is_for() {
  return [](test::tcp_socket peer) -> awaitable<void> {
    co_await test::say(peer, "I am " + peer.local_endpoint().address().to_string() + "\r\n");
  };
}

}  // namespace

TEST_CASE("each of many concurrent scans gets the banner of its own host") {
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

TEST_CASE("a long sweep does not delay a short one") {
  test::with_engine([](scan_fixture& f) -> awaitable<void> {
    std::optional<address_report> large;
    f.begin(f.job("127.77.4.1", "1-65535"), large);
    // A VNC server gets no request after its greeting.
    auto port = serve_everywhere(f, test::greets_with("RFB 003.008\n"));
    for (int n = 0; n < 5; ++n) {
      auto report = co_await f.scan(nth_address(n), std::to_string(port));
      CHECK(test::open_ports(report) == std::to_string(port));
    }
    CHECK(!large.has_value());
    co_await f.finished();
    CHECK(large->progress.done == 65'535);
  });
}

TEST_CASE("scans with many open ports do not block the conversations of other scans") {
  test::with_engine([](scan_fixture& f) -> awaitable<void> {
    test::connection_gate gate(f.loop());
    std::string ports;
    std::vector<const test::loopback_server*> servers;
    for (int i = 0; i < 40; ++i) {
      servers.push_back(&f.serve(gate.holds(), "127.77.4.2"));
      ports += std::to_string(servers.back()->port()) + ",";
    }
    ports.pop_back();
    std::optional<address_report> large;
    f.begin(f.job("127.77.4.2", ports), large);
    auto is_open = [](const test::loopback_server* server) { return server->accepted() > 0; };
    co_await test::until([&] { return std::ranges::all_of(servers, is_open); });
    auto& quick = f.serve(test::greets_with("SSH-2.0-quick_1\r\n"), "127.77.4.3");
    auto report = co_await f.scan("127.77.4.3", std::to_string(quick.port()));
    CHECK(test::endpoint_of(report, quick.port()).service.name == "ssh");
    CHECK(!large.has_value());
    f.engine().cancel(f.job("127.77.4.2", "1").task);  // a task that does not exist
    gate.open();
    co_await f.finished();
    CHECK(large->observed.endpoints.size() == 40);
  });
}

TEST_CASE("cancel ends the scans of one task only") {
  test::with_engine([](scan_fixture& f) -> awaitable<void> {
    test::connection_gate gate(f.loop());
    auto& server = f.serve(gate.holds(), "0.0.0.0");
    auto port = std::to_string(server.port());
    auto mine = f.job("127.78.0.1", port);
    auto mine_too = f.job("127.78.0.2", port);
    mine_too.task = mine.task;
    reports all(3);
    f.begin(mine, all[0]);
    f.begin(mine_too, all[1]);
    f.begin(f.job("127.78.0.3", port), all[2]);
    co_await test::until([&] { return server.accepted() == 3; });
    f.engine().cancel(mine.task);
    co_await test::until([&] { return all[0] && all[1]; });
    CHECK(!all[0]->observed.how);
    CHECK(!all[1]->observed.how);
    CHECK(!all[2].has_value());
    gate.open();
    co_await f.finished();
    CHECK(test::outcome_of(*all[2]) == "complete");
  });
}

TEST_CASE("stop ends every scan and look-up at once and refuses later ones") {
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
    auto& mute = f.serve(test::is_mute(), "0.0.0.0");
    auto port = std::to_string(mute.port());
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
    co_await test::until([&] { return mute.accepted() >= 10; });
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

TEST_CASE("the caller of a scan may be cancelled, and nothing of the scan remains") {
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
    co_await test::until([&] { return mute.accepted() == 1; });
    callers.cancel();
    co_await callers.join();
    CHECK(!returned);
    auto begun = f.time().steady_now();
    co_await f.engine().stop();
    CHECK(f.time().steady_now() - begun < milliseconds(500));
  });
}

TEST_CASE("few descriptors suffice for any scan, which only takes longer") {
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

TEST_CASE("two tasks may scan one address concurrently") {
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
