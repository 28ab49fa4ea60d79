#include "scanner/engine/address_scan.hpp"

#include "tests/engine/scan_fixture.hpp"
#include "tests/engine/tls_behaviour.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/until.hpp"

#include <algorithm>
#include <functional>
#include <set>

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

TEST_CASE("a scan reports the open ports and that it probed every port") {
  test::with_engine([](scan_fixture& f) -> awaitable<void> {
    std::vector<std::uint16_t> open;
    for (int i = 0; i < 5; ++i)
      open.push_back(f.serve(test::greets_with("SSH-2.0-test_1\r\n")).port());
    auto asked = open;
    for (int i = 0; i < 5; ++i)
      asked.push_back(test::closed_port(loopback_host));
    auto report = co_await f.scan(loopback_host, joined(asked));
    CHECK(test::outcome_of(report) == "complete");
    CHECK(report.observed.how->reason == "10 ports of 127.77.0.1 probed, 5 open");
    CHECK(test::open_ports(report) == joined(open));
    CHECK(report.observed.address.text() == loopback_host);
    CHECK(report.progress.planned == 10);
    CHECK(report.progress.done == 10);
    CHECK(report.progress.open == 5);
    CHECK(!report.local_error);
    for (const auto& endpoint : report.observed.endpoints) {
      CHECK(endpoint.service.name == "ssh");
      CHECK(endpoint.address.text() == loopback_host);
      CHECK(endpoint.seen > wall_time{});
    }
  });
}

TEST_CASE("a host that refuses every port counts as answering") {
  test::with_engine([](scan_fixture& f) -> awaitable<void> {
    auto report = co_await f.scan(loopback_host, std::to_string(test::closed_port(loopback_host)));
    CHECK(test::outcome_of(report) == "complete");
    CHECK(report.observed.how->reason == "1 port of 127.77.0.1 probed, 0 open");
    CHECK(report.observed.endpoints.empty());
  });
}

TEST_CASE("a host that answers on no port counts as not answering") {
  auto body = [](scan_fixture& f) -> awaitable<void> {
    test::silent_port silent(loopback_host);
    auto report = co_await f.scan(loopback_host, std::to_string(silent.port()));
    CHECK(test::outcome_of(report) == "no_answer");
    CHECK(report.observed.how->reason == "none of 1 port of 127.77.0.1 answered");
    CHECK(report.progress.done == 1);
  };
  test::with_engine(body, test::short_connects());
}

TEST_CASE("a silent port of an answering host is probed once more and is then not open") {
  auto bounds = test::short_connects();
  auto body = [&bounds](scan_fixture& f) -> awaitable<void> {
    test::silent_port silent(loopback_host);
    auto& server = f.serve(test::greets_with("hello\r\n"));
    auto begun = f.time().steady_now();
    auto ports = joined({silent.port(), server.port()});
    auto report = co_await f.scan(loopback_host, ports);
    CHECK(test::outcome_of(report) == "complete");
    CHECK(test::open_ports(report) == std::to_string(server.port()));
    CHECK(f.time().steady_now() - begun >= milliseconds(2 * bounds.connect_timeout_ms));
  };
  test::with_engine(body, bounds);
}

TEST_CASE("a certificate that several ports present is listed once") {
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

TEST_CASE("a port that waits because descriptors are scarce does not keep one") {
  constexpr std::uint16_t one_client = 10'809;
  auto settings = test::test_settings();
  settings.descriptors = 32;  // enough for one conversation
  auto body = [](scan_fixture& f) -> awaitable<void> {
    auto& mute = f.serve(test::is_mute());
    test::loopback_server waits(f.loop(), "127.77.9.9", test::greets_with("hello\r\n"), one_client);
    std::optional<address_report> first;
    f.begin(f.job(loopback_host, std::to_string(mute.port())), first);
    co_await test::until([&mute] { return mute.accepted() > 0; });
    auto report = co_await f.scan("127.77.9.9", std::to_string(one_client));
    co_await f.finished();
    CHECK(test::endpoint_of(report, one_client).raw_banner == "hello\r\n");
    CHECK(waits.accepted() == 2);  // the sweep's connection and the conversation's
    co_await waits.stop();
  };
  test::with_engine(body, test::short_limits(), settings);
}

TEST_CASE("open ports beyond the conversation limit wait for their turn") {
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

TEST_CASE("a failed conversation does not affect the others") {
  auto bounds = test::short_limits();
  bounds.conversation_timeout_ms = 300;
  auto body = [](scan_fixture& f) -> awaitable<void> {
    auto& good = f.serve(test::greets_with("SSH-2.0-test_1\r\n"));
    auto& mute = f.serve(test::is_mute());
    auto& hangs_up = f.serve([](test::tcp_socket) -> awaitable<void> { co_return; });
    auto ports = joined({good.port(), mute.port(), hangs_up.port()});
    auto report = co_await f.scan(loopback_host, ports);
    CHECK(test::outcome_of(report) == "complete");
    CHECK(test::endpoint_of(report, good.port()).service.name == "ssh");
    CHECK(!test::endpoint_of(report, mute.port()).detail.empty());
    CHECK(!test::endpoint_of(report, hangs_up.port()).detail.empty());
  };
  test::with_engine(body, bounds);
}

TEST_CASE("at its deadline a scan returns a partial result") {
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
    CHECK(!test::endpoint_of(report, mute.port()).detail.empty());
  });
}

TEST_CASE("a running scan reports its progress at most once a second") {
  auto bounds = test::short_limits();
  bounds.conversation_timeout_ms = 1'300;
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
      CHECK(each == model::task_progress{2, 2, 1, 0});
  };
  test::with_engine(body, bounds);
}

TEST_CASE("the depth of a job wins over that of the engine, and every request is recorded") {
  auto bounds = test::short_limits();
  bounds.greeting_timeout_ms = 200;
  bounds.answer_timeout_ms = 100;
  auto body = [](scan_fixture& f) -> awaitable<void> {
    auto& mute = f.serve(test::is_mute());
    auto modules_of = [&mute](const address_report& report) {
      std::set<std::string> out;
      for (const auto& one : test::endpoint_of(report, mute.port()).requests)
        out.insert(one.module);
      return out;
    };
    auto job = f.job(loopback_host, std::to_string(mute.port()));
    auto usual = co_await f.engine().scan(job);
    auto by_default = modules_of(usual);
    job.how_deep = depth::light;
    auto shallow = co_await f.engine().scan(job);
    CHECK(modules_of(shallow) == std::set<std::string>{"greeting", "http", "tls"});
    CHECK(by_default.contains("rdp"));
    for (const auto& one : test::endpoint_of(shallow, mute.port()).requests) {
      CAPTURE(one.module);
      CHECK(one.outcome == "silent");
      CHECK((one.sent > 0) == (one.module != "greeting"));
      CHECK(one.received == 0);
    }
  };
  test::with_engine(body, bounds);
}

TEST_CASE("a cancelled scan reports its cursor, and another scan resumes there") {
  test::with_engine([](scan_fixture& f) -> awaitable<void> {
    test::connection_gate gate(f.loop());
    auto& mute = f.serve(gate.holds());
    auto closed = test::closed_port(loopback_host);
    auto job = f.job(loopback_host, joined({mute.port(), closed}));
    std::optional<address_report> report;
    f.begin(job, report);
    // The second connection is the first request's: both ports have their verdicts by then.
    co_await test::until([&] { return mute.accepted() == 2; });
    f.engine().cancel(job.task);
    co_await f.finished();
    REQUIRE(report.has_value());
    CHECK(!report->observed.how);
    CHECK(report->cursor.index == 2);
    CHECK(report->cursor.open == std::to_string(mute.port()));
    CHECK(report->cursor.answered);
    auto before = mute.accepted();
    job.from = report->cursor;
    gate.open();
    auto rest = co_await f.engine().scan(job);
    CHECK(test::outcome_of(rest) == "complete");
    CHECK(test::open_ports(rest) == std::to_string(mute.port()));
    CHECK(rest.progress == model::task_progress{2, 2, 1, 1});
    CHECK(mute.accepted() > before);
  });
}

TEST_CASE("an address that the policy forbids is not dialled") {
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

TEST_CASE("a policy change ends a running scan of a forbidden address and its conversations") {
  test::with_engine([](scan_fixture& f) -> awaitable<void> {
    auto& mute = f.serve(test::is_mute());
    auto job = f.job(loopback_host, std::to_string(mute.port()));
    std::optional<address_report> report;
    f.begin(job, report);
    co_await test::until([&] { return mute.accepted() == 1; });
    f.engine().set_policy(test::test_rules({"10.0.0.0/8"}));
    // An exclusion of another network does not end the conversation: the next request comes.
    co_await test::until([&] { return mute.accepted() == 2; });
    CHECK(!report.has_value());
    auto begun = f.time().steady_now();
    f.engine().set_policy(test::test_rules({loopback_host}));
    co_await f.finished();
    REQUIRE(report.has_value());
    CHECK(test::outcome_of(*report) == "excluded");
    CHECK(f.time().steady_now() - begun < milliseconds(500));
    auto accepted = mute.accepted();
    co_await test::pause(milliseconds(300));  // pause: no request may follow in this time
    CHECK(mute.accepted() == accepted);
  });
}

TEST_CASE(
    "findings are published in parts, and no conversation starts above the unpublished limit") {
  auto bounds = test::short_limits();
  bounds.address_conversations = 1;
  auto body = [](scan_fixture& f) -> awaitable<void> {
    std::vector<std::uint16_t> open;
    auto greet_and_close = [](test::tcp_socket peer) -> awaitable<void> {
      co_await test::say(peer, "220 " + std::string(2'000, 'x') + "\r\n");
    };
    for (int i = 0; i < 12; ++i)
      open.push_back(f.serve(greet_and_close).port());
    std::vector<std::size_t> parts;
    std::function<void()> last;
    std::optional<address_report> report;
    auto job = f.job(loopback_host, joined(open));
    job.unpublished_bytes = 20'000;  // four banners
    job.found = [&](found_part part, std::function<void()> published) {
      parts.push_back(part.observed.endpoints.size());
      last = std::move(published);
    };
    f.begin(std::move(job), report);
    for (std::size_t published = 0; !report; ++published) {
      co_await test::until([&] { return report || parts.size() > published; });
      if (report) break;
      // The scan waits until the publisher has finished, however long that takes.
      co_await test::pause(milliseconds(100));  // pause: no other part may come in this time
      CHECK(parts.size() == published + 1);
      last();
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
