// What the scheduler fetches from the view when many scopes wait.

#include "model/events.hpp"
#include "tests/scanner/scheduler_bench.hpp"
#include "tests/support/doctest.hpp"

#include <set>

namespace sonde::scanner {
namespace {

using test::has_ended;
using test::scan_of;
using test::scheduler_bench;
using test::task_world;

}  // namespace

TEST_CASE("every scope has had a turn before any has had many, with more scopes than room") {
  task_world world;
  world.bounds().running_tasks = 8;
  constexpr int scopes = 20;
  constexpr int of_each = 15;
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::greets_with("SSH-2.0-test_1\r\n"), "0.0.0.0");
    std::vector<record> batch;
    std::vector<model::target_key> keys;
    for (int i = 0; i < scopes * of_each; ++i) {
      auto target = "127.78." + std::to_string(14 + i / 200) + "." + std::to_string(1 + i % 200);
      model::group_list scope{"scope-" + std::to_string(i / of_each)};
      auto request = scan_of(target, std::to_string(server.port()), scope);
      batch.push_back(to_record(request, "request"));
      keys.push_back(request.key);
    }
    co_await world.queue().produce(std::move(batch));
    for (const auto& key : keys)
      co_await world.once(key, has_ended);
    std::set<std::string> seen;
    std::size_t ended = 0;  // when the last scope had its first end
    for (const auto& each : world.queue().accepted) {
      if (seen.size() == scopes) break;
      if (each.topic != model::topics::scan_tasks || model::is_claim(each)) continue;
      auto task = model::parse_scan_task(each.value).value();
      if (!has_ended(task)) continue;
      ++ended;
      seen.insert(task.scope.front());
    }
    CHECK(ended < 4 * scopes);  // of which those of the first scopes were ready at once
    // Those that run or are ready are rows too: a few for each task, whatever the number of scopes.
    CHECK(world.view().waiting_rows < 5 * keys.size());
  });
}

}  // namespace sonde::scanner
