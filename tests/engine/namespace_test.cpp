#include "tests/engine/network_namespace.hpp"
#include "tests/engine/scan_fixture.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/until.hpp"

#include <filesystem>
#include <set>

/// Tests what loopback does not show: silence, ICMP, missing routes, hosts that accept everything.
/// Each test runs in a separate network.
namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;
using test::scan_fixture;
using lines = std::vector<std::string>;

void in_network(lines commands, const std::function<awaitable<void>(scan_fixture&)>& body,
                test::limits bounds = test::short_limits(),
                scanner::engine_settings settings = test::test_settings()) {
  if (!test::can_make_networks()) {
    MESSAGE("skipped: this process may not make network namespaces");
    return;
  }
  test::in_empty_network(commands, [&] { test::with_engine(body, bounds, settings); });
}

/// A filter with these rules for incoming packets.
lines filtered(const lines& rules) {
  lines out = {"ip addr add 10.1.1.1/32 dev lo", "ip addr add 10.1.1.2/32 dev lo",
               "nft add table inet t",
               "nft add chain inet t in { type filter hook input priority 0 ; }"};
  for (const auto& rule : rules)
    out.push_back("nft add rule inet t in " + rule);
  return out;
}

std::size_t open_descriptors() {
  std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

TEST_CASE("silent ports next to a few answering ports are probed twice") {
  auto rules = filtered({"ip daddr 10.1.1.1 tcp dport 1000-1059 drop"});
  in_network(rules, [](scan_fixture& f) -> awaitable<void> {
    auto& server = f.serve(test::greets_with("SSH-2.0-test_1\r\n"), "10.1.1.1");
    auto begun = f.time().steady_now();
    auto report = co_await f.scan("10.1.1.1", "1000-1069," + std::to_string(server.port()));
    CHECK(test::outcome_of(report) == "complete");
    CHECK(test::open_ports(report) == std::to_string(server.port()));
    CHECK(report.progress.done == 71);
    // This is not an own network: 200 probes a second, and each silent port is probed twice.
    CHECK(f.time().steady_now() - begun >= milliseconds(500));
  });
}

TEST_CASE("a host that is silent on every port has not answered") {
  auto settings = test::test_settings();
  settings.rates = {.per_address = 0, .per_network = 0};
  auto body = [](scan_fixture& f) -> awaitable<void> {
    auto report = co_await f.scan("10.1.1.1", "1-1000");
    CHECK(test::outcome_of(report) == "no_answer");
    CHECK(report.observed.how->reason == "none of 1000 ports of 10.1.1.1 answered");
    CHECK(report.progress.done == 1'000);
  };
  in_network(filtered({"ip daddr 10.1.1.1 tcp dport 1-65535 drop"}), body, test::short_connects(),
             settings);
}

TEST_CASE("a scan uses no more sockets than its budget") {
  auto settings = test::test_settings();
  settings.rates = {.per_address = 0, .per_network = 0};
  settings.descriptors = 128;
  auto body = [](scan_fixture& f) -> awaitable<void> {
    auto before = open_descriptors();
    std::optional<address_report> one;
    std::optional<address_report> other;
    f.begin(f.job("10.1.1.1", "1-200"), one);
    f.begin(f.job("10.1.1.2", "1-200"), other);
    std::size_t most = 0;
    co_await test::until([&] {
      most = std::max(most, open_descriptors() - before);
      return one && other;
    });
    CHECK(most <= 128);
    CHECK(most >= 64);
    co_await f.finished();
  };
  auto bounds = test::short_limits();
  bounds.connect_timeout_ms = 100;
  in_network(filtered({"tcp dport 1-65535 drop"}), body, bounds, settings);
}

TEST_CASE("an ICMP error counts as silence") {
  auto rules = filtered({"ip daddr 10.1.1.1 reject with icmp host-unreachable",
                         "ip daddr 10.1.1.2 tcp dport 80 reject with icmp admin-prohibited"});
  auto body = [](scan_fixture& f) -> awaitable<void> {
    auto report = co_await f.scan("10.1.1.1", "80,443");
    CHECK(test::outcome_of(report) == "no_answer");
    CHECK(!report.local_error);
    report = co_await f.scan("10.1.1.2", "80,443");
    CHECK(test::outcome_of(report) == "complete");
    CHECK(report.observed.endpoints.empty());
  };
  in_network(rules, body, test::short_connects());
}

TEST_CASE("an error of this machine is not a result for the target") {
  in_network(
      {"ip route add prohibit 10.60.0.0/16", "ip route add unreachable 10.61.0.0/16"},
      [](scan_fixture& f) -> awaitable<void> {
        std::optional<address_report> no_route;
        std::optional<address_report> forbidden;
        std::optional<address_report> unreachable;
        f.begin(f.job("10.50.0.1", "80,443"), no_route);
        f.begin(f.job("10.60.0.1", "80,443"), forbidden);
        f.begin(f.job("10.61.0.1", "80,443"), unreachable);
        co_await f.finished();
        for (const auto& report : {no_route, forbidden, unreachable}) {
          CHECK(test::outcome_of(*report) == "partial");
          CHECK(report->local_error);
          CHECK(report->observed.endpoints.empty());
        }
        CHECK(no_route->observed.how->reason.find("no route to 10.50.0.1") != std::string::npos);
        CHECK(forbidden->observed.how->reason.find("own rules forbid connections to") !=
              std::string::npos);
      });
}

TEST_CASE("a host that accepts every probe is a tarpit and has no open ports") {
  lines rules = {"ip addr add 10.1.1.9/32 dev lo", "nft add table ip n",
                 "nft add chain ip n out { type nat hook output priority -100 ; }",
                 "nft add rule ip n out ip daddr 10.1.1.9 tcp dport 1-65535 redirect to :7777"};
  in_network(rules, [](scan_fixture& f) -> awaitable<void> {
    test::loopback_server trap(f.loop(), "0.0.0.0", test::is_mute(), 7777);
    auto report = co_await f.scan("10.1.1.9", "1-500");
    CHECK(test::outcome_of(report) == "tarpit");
    CHECK(report.observed.endpoints.empty());
    CHECK(report.certificates.empty());
    CHECK(trap.accepted() < 200);
    co_await trap.stop();
  });
}

TEST_CASE(
    "a sweep of this machine's ports reports no false open port, although it can meet itself") {
  in_network({}, [](scan_fixture& f) -> awaitable<void> {
    auto& server = f.serve(test::greets_with("SSH-2.0-test_1\r\n"), "127.0.0.1");
    auto report = co_await f.scan("127.0.0.1", "1-65535");
    CHECK(test::outcome_of(report) == "complete");
    CHECK(test::open_ports(report) == std::to_string(server.port()));
    CHECK(report.progress.done == 65'535);
  });
}

TEST_CASE("every open port is found despite packet loss") {
  auto settings = test::test_settings();
  settings.rates = {.per_address = 0, .per_network = 0};
  auto bounds = test::short_limits();
  bounds.connect_timeout_ms = 1'300;  // two SYNs
  auto body = [](scan_fixture& f) -> awaitable<void> {
    std::set<std::uint16_t> open;
    for (int i = 0; i < 40; ++i)
      open.insert(f.serve(test::greets_with("hello\r\n"), "10.1.1.1").port());
    std::string ports = "1-300";
    std::string expected;
    for (auto port : open) {
      ports += "," + std::to_string(port);
      expected += (expected.empty() ? "" : ",") + std::to_string(port);
    }
    auto report = co_await f.scan("10.1.1.1", ports);
    CHECK(test::outcome_of(report) == "complete");
    CHECK(test::open_ports(report) == expected);
  };
  in_network(filtered({"tcp flags syn numgen inc mod 20 0 drop"}), body, bounds, settings);
}

TEST_CASE("a scan works over IPv6") {
  in_network({"ip addr add 2001:db8::1/128 dev lo nodad"}, [](scan_fixture& f) -> awaitable<void> {
    auto& server = f.serve(test::greets_with("SSH-2.0-test_1\r\n"), "2001:db8::1");
    auto report = co_await f.scan("2001:db8::1", std::to_string(server.port()) + ",9");
    CHECK(test::outcome_of(report) == "complete");
    CHECK(test::open_ports(report) == std::to_string(server.port()));
    CHECK(test::endpoint_of(report, server.port()).service.name == "ssh");
  });
}

}  // namespace sonde::scanner
