#include "scanner/scheduler/scheduler.hpp"

#include "model/events.hpp"
#include "tests/engine/fake_dns.hpp"
#include "tests/engine/network_namespace.hpp"
#include "tests/engine/scheduler_bench.hpp"
#include "tests/scanner/scheduler_process.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/until.hpp"

#include <set>

namespace sonde::scanner {
namespace {

using test::has_ended;
using test::scan_of;
using test::scheduler_bench;
using test::state_of;
using test::task_world;

constexpr const char* local_target = "127.77.0.1";

/// A scan request for one port of this machine or of another target.
model::scan_request port_scan(const test::loopback_server& server,
                              const std::string& target = local_target) {
  return scan_of(target, std::to_string(server.port()));
}

/// Resolves every name to one address of each kind.
test::fake_dns::answer_function leads_to(std::string v4, std::string v6) {
  return [v4, v6](const std::string& query, test::query_type type) {
    const auto& record = type == test::query_type::a ? v4 : v6;
    return record.empty() ? test::with_code(query, 0) : test::with_address(query, type, record);
  };
}

/// Runs a test with a scheduler whose name server gives this answer.
void with_names(task_world& world, test::fake_dns::answer_function answer,
                std::function<awaitable<void>(scheduler_bench&)> body) {
  event_loop loop("names");
  std::unique_ptr<test::fake_dns> names;
  names = std::make_unique<test::fake_dns>(loop.get_executor(), std::move(answer));
  loop.start();
  test::with_scheduler(world, body, {names->address()});
  auto stop = [&] { return names->stop(); };
  asio::co_spawn(loop.context(), stop, asio::detached);
  loop.join();
}

const std::string loopback_v6 = std::string(15, '\0') + '\x01';

}  // namespace

TEST_CASE("a posted scan ends as done after its findings have been published") {
  task_world world;
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::greets_with("SSH-2.0-OpenSSH_9.2p1\r\n"));
    auto request = port_scan(server);
    co_await world.put(request);
    auto task = co_await world.once(request.key, has_ended);
    CHECK(state_of(task) == "done complete");
    CHECK(task.current.id == request.id());
    CHECK(task.attempt == 1);
    CHECK(task.progress == model::task_progress{1, 1, 1, 1});
    REQUIRE(task.results.size() == 1);
    CHECK(task.results_total == 1);
    CHECK(task.results[0].name == "ssh");
    CHECK(task.results[0].endpoint == model::endpoint_text(server.address(), server.port()));
    const auto& written = world.queue().accepted;
    auto is_finding = [](const record& r) {
      return r.topic == model::topics::entities || r.topic == model::topics::associations;
    };
    auto last_finding = std::find_if(written.rbegin(), written.rend(), is_finding);
    REQUIRE(last_finding != written.rend());
    CHECK(last_finding->topic == model::topics::associations);
    auto behind = static_cast<std::size_t>(last_finding.base() - written.begin());
    auto later = test::snapshots_of(world, request.key, behind);
    REQUIRE(later.size() == 1);
    CHECK(state_of(later[0]) == "done complete");
    REQUIRE(task.produced.size() == 2);
    for (const auto& place : task.produced) {
      auto on_topic = co_await world.all_of(place.topic);
      CHECK(on_topic.back().offset == place.offset);
    }
  });
}

TEST_CASE("the next process does not take a completed request again") {
  task_world world;
  std::uint16_t port = 0;
  model::target_key first;
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::greets_with("SSH-2.0-test_1\r\n"));
    port = server.port();
    auto request = port_scan(server);
    first = request.key;
    co_await world.put(request);
    co_await world.once(first, has_ended);
  });
  auto before = test::snapshots_of(world, first).size();
  test::with_scheduler(world, [&](scheduler_bench&) -> awaitable<void> {
    auto request = scan_of("127.77.0.2", std::to_string(port));
    co_await world.put(request);
    co_await world.once(request.key, has_ended);
  });
  CHECK(test::snapshots_of(world, first).size() == before);
}

TEST_CASE("a record that is not a request becomes a dead letter and blocks nothing") {
  task_world world;
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::greets_with("SSH-2.0-test_1\r\n"));
    record bad{model::topics::scan_requests, "some-key", "{\"target\":", {{"ce_id", "x"}}};
    auto place = co_await world.put(bad);
    auto request = port_scan(server);
    co_await world.put(request);
    co_await world.once(request.key, has_ended);
    auto letters = co_await world.all_of(model::topics::scan_requests_dead);
    REQUIRE(letters.size() == 1);
    const auto& letter = letters[0].what;
    CHECK(letter.key == bad.key);
    CHECK(letter.value == bad.value);
    auto header = [&](const char* name) {
      const auto* value = find_header(letter.headers, name);
      return value == nullptr ? std::string("absent") : *value;
    };
    CHECK(header("ce_id") == "x");
    CHECK(header("sonde_dead_topic") == model::topics::scan_requests);
    CHECK(header("sonde_dead_partition") == "0");
    CHECK(header("sonde_dead_offset") == std::to_string(place.offset));
    CHECK(header("sonde_dead_stage") == "parse");
    CHECK(!header("sonde_dead_error").empty());
  });
}

TEST_CASE("a scan that cannot start ends with the reason") {
  task_world world;
  with_names(world, leads_to({'\xC0', '\xA8', 1, 1}, ""), [&](auto&) -> awaitable<void> {
    // 192.168.1.1, and a name that resolves to it.
    for (const char* target : {"192.168.1.1", "rebinding.example"}) {
      CAPTURE(target);
      auto request = scan_of(target, "80");
      co_await world.put(request);
      auto task = co_await world.once(request.key, has_ended);
      CHECK(state_of(task) == "failed out_of_scope");
      CHECK(task.current.outcome->reason.find("192.168.1.1") != std::string::npos);
    }
    auto unknown = scan_of("203.0.113.1", "no-such-profile");
    co_await world.put(unknown);
    auto task = co_await world.once(unknown.key, has_ended);
    CHECK(state_of(task) == "failed attempts");
  });
}

TEST_CASE("a name without an address fails with the response of the DNS") {
  struct row {
    unsigned char code;
    const char* state;
  };
  for (auto each :
       {row{3, "failed nxdomain"}, row{2, "failed servfail"}, row{0, "failed no_data"}}) {
    CAPTURE(each.state);
    task_world world;
    auto answer = [each](const std::string& query, test::query_type) {
      return test::with_code(query, each.code);
    };
    with_names(world, answer, [&](auto&) -> awaitable<void> {
      auto request = scan_of("host.example", "80");
      co_await world.put(request);
      auto task = co_await world.once(request.key, has_ended);
      CHECK(state_of(task) == each.state);
    });
  }
}

TEST_CASE(
    "every address of a name is scanned, and out-of-scope addresses make the result partial") {
  task_world world;
  with_names(world, leads_to({'\x7F', 77, 0, 1}, loopback_v6), [&](auto& b) -> awaitable<void> {
    auto& server = b.serve(test::greets_with("SSH-2.0-test_1\r\n"));
    auto& server_v6 = b.serve(test::greets_with("SSH-2.0-test_6\r\n"), "::1");
    auto ports = std::to_string(server.port()) + "," + std::to_string(server_v6.port());
    auto request = scan_of("both.example", ports);
    co_await world.put(request);
    auto task = co_await world.once(request.key, has_ended);
    CHECK(state_of(task) == "done complete");
    CHECK(task.progress == model::task_progress{4, 4, 2, 2});
    std::set<std::string> endpoints;
    for (const auto& row : task.results)
      endpoints.insert(row.endpoint);
    CHECK(endpoints.contains("[::1]:" + std::to_string(server_v6.port()) + "/tcp"));
    b.set_rules(test::test_rules({"::1"}));
    auto again = scan_of("both.example", ports, {"public"}, 2);
    co_await world.put(again);
    auto second = [](const model::scan_task& t) { return t.current.number == 2 && has_ended(t); };
    task = co_await world.once(again.key, second);
    CHECK(state_of(task) == "done partial");
    CHECK(task.results_total == 1);
  });
}

TEST_CASE("a generation requested during another one runs after it") {
  task_world world;
  test::with_process(world, [&](test::scheduler_process& p) -> awaitable<void> {
    p.runner().hold();
    auto request = scan_of(local_target, "80");
    co_await world.put(request);
    co_await test::until([&] { return p.runner().running() == 1; });
    auto next = scan_of(local_target, "80", {"public"}, 2);
    auto place = co_await world.put(next);
    auto waits = [&](const model::scan_task& t) { return t.folded >= place.offset; };
    auto during = co_await world.once(request.key, waits);
    CHECK(during.current.number == 1);
    CHECK(p.runner().begun() == 1);
    p.runner().let_finish();
    auto second = [](const model::scan_task& t) { return t.current.number == 2 && has_ended(t); };
    auto task = co_await world.once(request.key, second);
    CHECK(state_of(task) == "done complete");
    REQUIRE(task.history.size() == 1);
    CHECK(task.history[0].number == 1);
    CHECK(task.history[0].state == model::task_state::done);
    CHECK(p.runner().begun() == 2);
  });
}

TEST_CASE("while the queue refuses, results wait: none is lost, and the scan does not end early") {
  task_world world;
  int refused = 0;
  world.queue().refuses = [&](const std::vector<record>& batch) {
    bool findings = batch[0].topic == model::topics::entities;
    return findings && ++refused <= 3;
  };
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::greets_with("SSH-2.0-test_1\r\n"));
    auto request = port_scan(server);
    co_await world.put(request);
    auto task = co_await world.once(request.key, has_ended);
    CHECK(refused == 4);
    CHECK(state_of(task) == "done complete");
    auto entities = co_await world.all_of(model::topics::entities);
    CHECK(!entities.empty());
  });
}

TEST_CASE("a port entity is published once per hour and visibility") {
  task_world world;
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::greets_with("SSH-2.0-test_1\r\n"), "0.0.0.0");
    for (const char* target : {"127.77.0.1", "127.77.0.2"}) {
      auto request = port_scan(server, target);
      co_await world.put(request);
      co_await world.once(request.key, has_ended);
    }
    auto elsewhere = scan_of("127.77.0.1", std::to_string(server.port()), {"others"});
    co_await world.put(elsewhere);
    co_await world.once(elsewhere.key, has_ended);
    int ports = 0;
    for (const auto& each : world.queue().accepted)
      ports += each.topic == model::topics::entities && each.key.starts_with("port-");
    CHECK(ports == 2);
  });
}

TEST_CASE("an error of this machine is not a result: the scan fails and may be requested again") {
  if (!test::can_make_networks()) {
    MESSAGE("skipped: this process may not make network namespaces");
    return;
  }
  test::in_empty_network({}, [] {
    task_world world;
    test::with_scheduler(world, [&](scheduler_bench&) -> awaitable<void> {
      auto request = scan_of("10.50.0.1", "80,443");
      co_await world.put(request);
      auto task = co_await world.once(request.key, has_ended);
      CHECK(state_of(task) == "failed attempts");
      CHECK(task.current.outcome->reason.find("no route to 10.50.0.1") != std::string::npos);
    });
  });
}

}  // namespace sonde::scanner
