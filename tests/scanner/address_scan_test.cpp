#include "scanner/engine/address_scan.hpp"

#include "tests/scanner/scan_fixture.hpp"
#include "tests/scanner/tls_behaviour.hpp"
#include "tests/support/doctest.hpp"

#include <algorithm>
#include <functional>

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;
using test::scan_fixture;

constexpr const char* loopback_host = "127.77.0.1";

std::string joined(std::vector<std::uint16_t> ports) {
  std::ranges::sort(ports);
  std::string out;
  for (auto port : ports)
    out += (out.empty() ? "" : ",") + std::to_string(port);
  return out;
}

}  // namespace

TEST_CASE("a scan says what is open, and that it has asked all there was to ask") {
  test::with_engine([](scan_fixture& f) -> awaitable<void> {
    std::vector<std::uint16_t> open;
    for (int i = 0; i < 5; ++i)
      open.push_back(f.serve(test::greets_with("SSH-2.0-test_1\r\n")).port());
    auto asked = open;
    for (int i = 0; i < 5; ++i)
      asked.push_back(test::closed_port(loopback_host));
    auto report = co_await f.scan(loopback_host, joined(asked));
    CHECK(test::outcome_of(report) == "complete");
    CHECK(report.observed.how->reason == "10 ports of 127.77.0.1 asked, 5 open");
    CHECK(test::open_ports(report) == joined(open));
    CHECK(report.observed.address.text() == loopback_host);
    CHECK(report.progress.planned == 10);
    CHECK(report.progress.done == 10);
    CHECK(report.progress.open == 5);
    CHECK(!report.local_trouble);
    for (const auto& endpoint : report.observed.endpoints) {
      CHECK(endpoint.service.name == "ssh");
      CHECK(endpoint.address.text() == loopback_host);
      CHECK(endpoint.seen > wall_time{});
    }
  });
}

TEST_CASE("a host that refuses everything has answered") {
  test::with_engine([](scan_fixture& f) -> awaitable<void> {
    auto report = co_await f.scan(loopback_host, std::to_string(test::closed_port(loopback_host)));
    CHECK(test::outcome_of(report) == "complete");
    CHECK(report.observed.how->reason == "1 port of 127.77.0.1 asked, 0 open");
    CHECK(report.observed.endpoints.empty());
  });
}

TEST_CASE("a host that says nothing has not") {
  test::with_engine([](scan_fixture& f) -> awaitable<void> {
    test::silent_port silent(loopback_host);
    auto report = co_await f.scan(loopback_host, std::to_string(silent.port()));
    CHECK(test::outcome_of(report) == "no_answer");
    CHECK(report.observed.how->reason == "none of 1 port of 127.77.0.1 answered");
    CHECK(report.progress.done == 1);
  });
}

TEST_CASE("a silent port beside others is asked once more, and then it is not open") {
  test::with_engine([](scan_fixture& f) -> awaitable<void> {
    test::silent_port silent(loopback_host);
    auto& server = f.serve(test::greets_with("hello\r\n"));
    auto begun = f.time().steady_now();
    auto ports = joined({silent.port(), server.port()});
    auto report = co_await f.scan(loopback_host, ports);
    CHECK(test::outcome_of(report) == "complete");
    CHECK(test::open_ports(report) == std::to_string(server.port()));
    CHECK(f.time().steady_now() - begun >= milliseconds(600));
  });
}

TEST_CASE("a certificate that many ports present is listed once") {
  test::with_engine([](scan_fixture& f) -> awaitable<void> {
    test::server_settings same;
    same.chain = {test::make_self_signed({})};
    auto& one = f.serve(test::speaks_tls(same, {}));
    auto& other = f.serve(test::speaks_tls(same, {}));
    auto ports = joined({one.port(), other.port()});
    auto report = co_await f.scan(loopback_host, ports);
    REQUIRE(report.observed.endpoints.size() == 2);
    CHECK(report.observed.endpoints[0].tls->chain == report.observed.endpoints[1].tls->chain);
    CHECK(report.certificates.size() == 1);
  });
}

TEST_CASE("more open ports than conversations at once: each gets its turn") {
  auto bounds = test::short_limits();
  bounds.address_conversations = 2;
  bounds.greeting_timeout_ms = 200;
  auto body = [](scan_fixture& f) -> awaitable<void> {
    std::vector<std::uint16_t> open;
    for (int i = 0; i < 12; ++i)
      open.push_back(f.serve(test::greets_with("220 ftp.example.com FTP\r\n")).port());
    auto report = co_await f.scan(loopback_host, joined(open));
    CHECK(test::outcome_of(report) == "complete");
    REQUIRE(report.observed.endpoints.size() == 12);
    for (const auto& endpoint : report.observed.endpoints)
      CHECK(endpoint.service.name == "ftp");
  };
  test::with_engine(body, bounds);
}

TEST_CASE("a conversation that goes wrong takes no other with it") {
  test::with_engine([](scan_fixture& f) -> awaitable<void> {
    auto& good = f.serve(test::greets_with("SSH-2.0-test_1\r\n"));
    auto& mute = f.serve(test::is_mute());
    auto& hangs_up = f.serve([](test::tcp_socket) -> awaitable<void> { co_return; });
    auto ports = joined({good.port(), mute.port(), hangs_up.port()});
    auto report = co_await f.scan(loopback_host, ports);
    CHECK(test::outcome_of(report) == "complete");
    CHECK(test::endpoint_of(report, good.port()).service.name == "ssh");
    CHECK(!test::endpoint_of(report, mute.port()).trouble.empty());
    CHECK(!test::endpoint_of(report, hangs_up.port()).trouble.empty());
  });
}

TEST_CASE("at the deadline: what is known until then, and that it is not all") {
  test::with_engine([](scan_fixture& f) -> awaitable<void> {
    auto& mute = f.serve(test::is_mute());
    test::silent_port silent(loopback_host);
    auto job = f.job(loopback_host, joined({mute.port(), silent.port()}));
    job.deadline = f.time().steady_now() + milliseconds(250);
    auto report = co_await f.engine().scan(job);
    CHECK(test::outcome_of(report) == "partial");
    CHECK(report.observed.how->reason == "the time for this scan ran out");
    CHECK(f.time().steady_now() - job.deadline < milliseconds(2'000));
    CHECK(test::open_ports(report) == std::to_string(mute.port()));
    CHECK(!test::endpoint_of(report, mute.port()).trouble.empty());
  });
}

TEST_CASE("progress is told while it lasts") {
  auto bounds = test::short_limits();
  bounds.greeting_timeout_ms = 1'300;
  auto body = [](scan_fixture& f) -> awaitable<void> {
    auto& mute = f.serve(test::is_mute());
    auto closed = test::closed_port(loopback_host);
    auto job = f.job(loopback_host, joined({mute.port(), closed}));
    std::vector<model::task_progress> told;
    job.progress = [&](const model::task_progress& reached, const model::sweep_cursor& cursor) {
      told.push_back(reached);
      CHECK(cursor.open == std::to_string(mute.port()));
    };
    auto begun = f.time().steady_now();
    co_await f.engine().scan(std::move(job));
    auto seconds = (f.time().steady_now() - begun) / milliseconds(1'000);
    CHECK(!told.empty());
    CHECK(static_cast<std::int64_t>(told.size()) <= seconds);
    for (const auto& each : told)
      CHECK(each == model::task_progress{2, 2, 1});
  };
  test::with_engine(body, bounds);
}

TEST_CASE("a cancelled scan says how far it came, and another one goes on from there") {
  test::with_engine([](scan_fixture& f) -> awaitable<void> {
    auto& mute = f.serve(test::is_mute());
    auto closed = test::closed_port(loopback_host);
    auto job = f.job(loopback_host, joined({mute.port(), closed}));
    std::optional<address_report> report;
    f.begin(job, report);
    while (mute.accepted() == 0)
      co_await test::pause(milliseconds(5));
    co_await test::pause(milliseconds(50));
    f.engine().cancel(job.task);
    co_await f.finished();
    REQUIRE(report.has_value());
    CHECK(!report->observed.how);
    CHECK(report->cursor.index == 2);
    CHECK(report->cursor.open == std::to_string(mute.port()));
    CHECK(report->cursor.answered);
    auto before = mute.accepted();
    job.from = report->cursor;
    auto rest = co_await f.engine().scan(job);
    CHECK(test::outcome_of(rest) == "complete");
    CHECK(test::open_ports(rest) == std::to_string(mute.port()));
    CHECK(rest.progress == model::task_progress{2, 2, 1});
    CHECK(mute.accepted() > before);
  });
}

TEST_CASE("an address that is out of the rules is not dialled") {
  test::with_engine([](scan_fixture& f) -> awaitable<void> {
    auto& server = f.serve(test::greets_with("hello\r\n"));
    f.engine().set_policy(test::test_rules({"127.77.0.0/24"}));
    auto report = co_await f.scan(loopback_host, std::to_string(server.port()));
    CHECK(test::outcome_of(report) == "excluded");
    CHECK(report.observed.how->reason.find("127.77.0.1") != std::string::npos);
    report = co_await f.scan("203.0.113.1", "80");
    CHECK(test::outcome_of(report) == "out_of_scope");
    CHECK(server.accepted() == 0);
  });
}

TEST_CASE("rules that change end a scan under way, and its conversations") {
  test::with_engine([](scan_fixture& f) -> awaitable<void> {
    auto& mute = f.serve(test::is_mute());
    auto job = f.job(loopback_host, std::to_string(mute.port()));
    std::optional<address_report> report;
    f.begin(job, report);
    while (mute.accepted() == 0)
      co_await test::pause(milliseconds(5));
    f.engine().set_policy(test::test_rules({"10.0.0.0/8"}));
    co_await test::pause(milliseconds(20));
    CHECK(!report.has_value());  // another's exclusion
    auto begun = f.time().steady_now();
    f.engine().set_policy(test::test_rules({loopback_host}));
    co_await f.finished();
    REQUIRE(report.has_value());
    CHECK(test::outcome_of(*report) == "excluded");
    CHECK(f.time().steady_now() - begun < milliseconds(500));
    auto accepted = mute.accepted();
    co_await test::pause(milliseconds(300));
    CHECK(mute.accepted() == accepted);
  });
}

TEST_CASE(
    "what is found is handed over in parts, and no port is talked to while too much is held") {
  auto bounds = test::short_limits();
  bounds.address_conversations = 1;
  auto body = [](scan_fixture& f) -> awaitable<void> {
    std::vector<std::uint16_t> open;
    for (int i = 0; i < 12; ++i)
      open.push_back(f.serve(test::greets_with("220 " + std::string(2'000, 'x') + "\r\n")).port());
    std::vector<std::size_t> parts;
    std::function<void()> last;
    std::optional<address_report> report;
    auto job = f.job(loopback_host, joined(open));
    job.unpublished_bytes = 20'000;  // four of them
    job.found = [&](found_part part, std::function<void()> published) {
      parts.push_back(part.observed.endpoints.size());
      last = std::move(published);
    };
    f.begin(std::move(job), report);
    auto until = f.time().steady_now() + milliseconds(5'000);
    std::size_t answered = 0;
    while (!report && f.time().steady_now() < until) {
      co_await test::pause(milliseconds(100));
      if (parts.size() > answered && !report) {
        // It stands still, however long the publisher takes.
        co_await test::pause(milliseconds(200));
        CHECK(parts.size() == answered + 1);
        answered = parts.size();
        last();
      }
    }
    co_await f.finished();
    REQUIRE(report.has_value());
    CHECK(test::outcome_of(*report) == "complete");
    auto all = report->observed.endpoints.size();
    for (auto part : parts) {
      CHECK(part <= 4);
      all += part;
    }
    CHECK(all == 12);
    CHECK(parts.size() >= 3);
  };
  test::with_engine(body, bounds);
}

}  // namespace sonde::scanner
