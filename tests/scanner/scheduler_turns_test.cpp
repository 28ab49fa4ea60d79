// Whose turn it is: many scopes, and more tasks than may run at once.

#include "model/events.hpp"
#include "scanner/scheduler/scheduler.hpp"
#include "tests/scanner/scheduler_bench.hpp"
#include "tests/support/doctest.hpp"

#include <set>

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;
using test::has_ended;
using test::scan_of;
using test::scheduler_bench;
using test::task_world;

/// How many tasks had ended before this one did.
int ended_before(task_world& world, const model::target_key& key) {
  int out = 0;
  for (const auto& each : world.queue().accepted) {
    if (each.topic != model::topics::scan_tasks || model::is_claim(each)) continue;
    if (!has_ended(model::parse_scan_task(each.value).value())) continue;
    if (each.key == key.str()) break;
    ++out;
  }
  return out;
}

}  // namespace

TEST_CASE("no more tasks run at once than the limit says, and all of them end") {
  task_world world;
  world.bounds().running_tasks = 2;
  world.bounds().greeting_timeout_ms = 100;
  world.bounds().answer_timeout_ms = 50;
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    std::multiset<std::string> talking;
    std::size_t most = 0;
    auto count = [&](test::tcp_socket peer) -> awaitable<void> {
      auto target = peer.local_endpoint().address().to_string();
      auto entry = talking.insert(target);
      most = std::max(most, std::set<std::string>(talking.begin(), talking.end()).size());
      try {
        co_await test::ignore(peer);
      } catch (const boost::system::system_error&) {
        // The scanner has hung up.
      }
      talking.erase(entry);
    };
    auto& server = b.serve(count, "0.0.0.0");
    std::vector<model::scan_request> requests;
    for (int i = 1; i <= 12; ++i)
      requests.push_back(scan_of("127.78.9." + std::to_string(i), std::to_string(server.port())));
    for (const auto& each : requests)
      co_await world.put(each);
    for (const auto& each : requests)
      co_await world.once(each.key, has_ended);
    CHECK(most == 2);
  });
}

TEST_CASE("more scopes than there is room for ready tasks: all of their scans end") {
  task_world world;
  world.bounds().running_tasks = 1;
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto& server = b.serve(test::greets_with("SSH-2.0-test_1\r\n"), "0.0.0.0");
    std::vector<model::scan_request> requests;
    for (int i = 0; i < 48; ++i) {
      auto target = "127.78.13." + std::to_string(i + 1);
      auto scope = "scope-" + std::to_string(i % 12);
      requests.push_back(scan_of(target, std::to_string(server.port()), {scope}));
    }
    std::vector<record> batch;
    for (const auto& each : requests)
      batch.push_back(to_record(each, "request"));
    co_await world.queue().produce(std::move(batch));
    for (const auto& each : requests)
      co_await world.once(each.key, has_ended);
  });
}

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

TEST_CASE("a scope that asks for one scan does not wait for a scope that asked for many") {
  task_world world;
  world.bounds().running_tasks = 1;
  test::with_scheduler(world, [&](scheduler_bench& b) -> awaitable<void> {
    auto slow = [](test::tcp_socket peer) -> awaitable<void> {
      co_await test::pause(milliseconds(20));
      co_await test::say(peer, "SSH-2.0-test_1\r\n");
      co_await test::ignore(peer);
    };
    auto& server = b.serve(slow, "0.0.0.0");
    auto port = std::to_string(server.port());
    std::vector<record> batch;
    std::vector<model::target_key> keys;
    for (int i = 1; i <= 41; ++i) {
      model::group_list scope{i <= 40 ? "many" : "one"};
      auto request = scan_of("127.78.10." + std::to_string(i), port, scope);
      batch.push_back(to_record(request, "request"));
      keys.push_back(request.key);
    }
    co_await world.queue().produce(std::move(batch));
    for (const auto& key : keys)
      co_await world.once(key, has_ended);
    CHECK(ended_before(world, keys.back()) < 10);
  });
}

}  // namespace sonde::scanner
