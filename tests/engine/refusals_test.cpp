// Requests that a scheduler can perform only in part or cannot perform.

#include "model/events.hpp"
#include "tests/engine/scheduler_bench.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::scanner {

using test::has_ended;
using test::scan_of;
using test::scheduler_bench;
using test::state_of;
using test::task_world;

TEST_CASE("an unreadable request ends the scan that it names and becomes a dead letter") {
  task_world world;
  test::with_scheduler(world, [&](scheduler_bench&) -> awaitable<void> {
    auto request = scan_of("203.0.113.1", "80");
    auto bad = to_record(request, "request");
    auto at = bad.value.find("\"priority\":0");
    bad.value.replace(at, std::string("\"priority\":0").size(), "\"priority\":\"high\"");
    co_await world.put(bad);
    auto task = co_await world.once(request.key, has_ended);
    CHECK(state_of(task) == "failed attempts");
    CHECK(task.current.id == request.id());
    CHECK(task.current.outcome->reason.find("priority") != std::string::npos);
    auto letters = co_await world.all_of(model::topics::scan_requests_dead);
    CHECK(letters.size() == 1);
  });
}

TEST_CASE("webhooks that do not fit into a snapshot become dead letters, and the scan continues") {
  task_world world;
  world.bounds().record_max_bytes = 65'536;
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::greets_with("SSH-2.0-test_1\r\n"));
    auto request = scan_of("127.77.0.1", std::to_string(server.port()));
    for (int i = 0; i < 3; ++i) {
      request.webhooks.push_back({std::string(63, 'a') + std::to_string(i),
                                  "https://hooks.example.com:443", std::string(15'000, 'x')});
    }
    co_await world.put(request);
    auto task = co_await world.once(request.key, has_ended);
    CHECK(state_of(task) == "done complete");
    CHECK(task.webhooks.empty());
    auto letters = co_await world.all_of(model::topics::scan_requests_dead);
    REQUIRE(letters.size() == 1);
    const auto* stage = find_header(letters[0].what.headers, "sonde_dead_stage");
    REQUIRE(stage != nullptr);
    CHECK(*stage == "process");
  });
}

}  // namespace sonde::scanner
