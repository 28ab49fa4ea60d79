// The order of turns among many tenants with more tasks than may run at once.

#include "model/events.hpp"
#include "scanner/scheduler/scheduler.hpp"
#include "tests/engine/scheduler_bench.hpp"
#include "tests/scanner/scheduler_process.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/until.hpp"

#include <algorithm>
#include <set>

namespace sonde::scanner {
namespace {

using test::has_ended;
using test::scan_of;
using test::scheduler_process;
using test::task_world;
using task_keys = std::vector<model::target_key>;

constexpr const char* scanned_port = "80";

/// The number of tasks that had ended before this one ended.
int ended_before(task_world& world, const model::target_key& key) {
  int out = 0;
  for (const auto& each : world.queue().accepted) {
    if (each.topic != model::topics::scan_tasks || model::is_lease(each)) continue;
    if (!has_ended(model::parse_scan_task(each.value).value())) continue;
    if (each.key == key.str()) break;
    ++out;
  }
  return out;
}

/// Writes the requests in one batch and waits until each is a task.
awaitable<task_keys> put_all(task_world& world, std::vector<model::scan_request> requests) {
  std::vector<record> batch;
  task_keys out;
  for (const auto& each : requests) {
    batch.push_back(to_record(each, "request"));
    out.push_back(each.key);
  }
  co_await world.queue().produce(std::move(batch));
  auto exists = [](const model::scan_task&) { return true; };
  for (const auto& key : out)
    co_await world.once(key, exists);
  co_return out;
}

awaitable<void> until_all_ended(task_world& world, task_keys all) {
  for (const auto& key : all)
    co_await world.once(key, has_ended);
}

}  // namespace

TEST_CASE("the limit of running tasks holds, and all tasks end") {
  constexpr std::size_t tasks = 12;
  task_world world;
  world.bounds().running_tasks = 2;
  test::with_process(world, [&](scheduler_process& p) -> awaitable<void> {
    p.runner().hold();
    std::vector<model::scan_request> requests;
    for (std::size_t i = 1; i <= tasks; ++i)
      requests.push_back(scan_of("127.78.9." + std::to_string(i), scanned_port));
    auto all = co_await put_all(world, std::move(requests));
    for (std::size_t ended = 0; ended < tasks; ++ended) {
      auto expected = std::min<std::size_t>(2, tasks - ended);
      auto is_full = [&] {
        return p.runner().begun() == ended + expected && p.runner().running() == expected;
      };
      co_await test::until(is_full);
      p.runner().let_one_finish();
    }
    co_await until_all_ended(world, std::move(all));
    CHECK(p.runner().most_running() == 2);
  });
}

TEST_CASE("all scans end when there are more tenants than slots in the ready queue") {
  task_world world;
  world.bounds().running_tasks = 1;
  test::with_process(world, [&](scheduler_process&) -> awaitable<void> {
    std::vector<model::scan_request> requests;
    for (int i = 0; i < 48; ++i) {
      auto target = "127.78.13." + std::to_string(i + 1);
      auto visibility = "tenant-" + std::to_string(i % 12);
      requests.push_back(scan_of(target, scanned_port, {visibility}));
    }
    auto all = co_await put_all(world, std::move(requests));
    co_await until_all_ended(world, std::move(all));
  });
}

TEST_CASE("with more tenants than slots, every tenant gets a turn before any tenant gets many") {
  task_world world;
  world.bounds().running_tasks = 8;
  constexpr int tenants = 20;
  constexpr int of_each = 15;
  test::with_process(world, [&](scheduler_process& p) -> awaitable<void> {
    p.runner().hold();
    std::vector<model::scan_request> requests;
    for (int i = 0; i < tenants * of_each; ++i) {
      auto target = "127.78." + std::to_string(14 + i / 200) + "." + std::to_string(1 + i % 200);
      model::group_list visibility{"tenant-" + std::to_string(i / of_each)};
      requests.push_back(scan_of(target, scanned_port, visibility));
    }
    auto all = co_await put_all(world, std::move(requests));
    p.runner().let_finish();
    co_await until_all_ended(world, all);
    std::set<std::string> seen;
    std::size_t ended = 0;  // when the first task of the last tenant had ended
    for (const auto& each : world.queue().accepted) {
      if (seen.size() == tenants) break;
      if (each.topic != model::topics::scan_tasks || model::is_lease(each)) continue;
      auto task = model::parse_scan_task(each.value).value();
      if (!has_ended(task)) continue;
      ++ended;
      seen.insert(task.visibility.front());
    }
    CHECK(ended <
          4 * tenants);  // includes the tasks of the first tenants, which were ready at once
    // Running and ready tasks also count as rows: a few per task, independent of the number of
    // tenants.
    CHECK(world.waiting_rows() > all.size() / 2);  // a few tasks do not wait in the view
    CHECK(world.waiting_rows() < 5 * all.size());
  });
}

TEST_CASE("a tenant with one scan does not wait for a tenant with many") {
  task_world world;
  world.bounds().running_tasks = 1;
  test::with_process(world, [&](scheduler_process& p) -> awaitable<void> {
    p.runner().hold();
    std::vector<model::scan_request> requests;
    for (int i = 1; i <= 41; ++i) {
      model::group_list visibility{i <= 40 ? "many" : "one"};
      requests.push_back(scan_of("127.78.10." + std::to_string(i), scanned_port, visibility));
    }
    auto all = co_await put_all(world, std::move(requests));
    p.runner().let_finish();
    co_await until_all_ended(world, all);
    CHECK(ended_before(world, all.back()) < 10);
  });
}

}  // namespace sonde::scanner
