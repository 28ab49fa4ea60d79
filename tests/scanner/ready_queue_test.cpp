#include "scanner/scheduler/ready_queue.hpp"

#include "tests/support/doctest.hpp"

#include <map>

namespace sonde::scanner {
namespace {

constexpr std::uint64_t standard_cost = 1'000;
constexpr std::uint64_t full_cost = 65'535;

views::waiting_task waiting(const std::string& visibility, int number, int priority = 0) {
  views::waiting_task out;
  out.key = model::target_key(visibility + "-" + std::to_string(number));
  out.visibility = visibility;
  out.priority = priority;
  out.requested = wall_time(std::chrono::seconds(number));
  return out;
}

std::string taken(ready_queue& ready) {
  auto next = ready.take();
  return next ? next->key.str() : "";
}

/// Counts the tasks of each tenant among the next `of` tasks.
std::map<std::string, int> shares(ready_queue& ready, int of) {
  std::map<std::string, int> out;
  for (int i = 0; i < of; ++i) {
    auto next = ready.take();
    if (next) ++out[next->visibility];
  }
  return out;
}

}  // namespace

TEST_CASE("tasks of one tenant come by priority, then by age") {
  ready_queue ready;
  CHECK(ready.add(waiting("a", 3), 1));
  CHECK(ready.add(waiting("a", 1), 1));
  CHECK(ready.add(waiting("a", 2, -1), 1));
  CHECK(ready.add(waiting("a", 4, 5), 1));
  CHECK(ready.size() == 4);
  for (const char* expected : {"a-4", "a-1", "a-3", "a-2", ""})
    CHECK(taken(ready) == expected);
  CHECK(ready.size() == 0);
}

TEST_CASE("a task is queued once until it is taken") {
  ready_queue ready;
  CHECK(ready.add(waiting("a", 1), 1));
  CHECK(!ready.add(waiting("a", 1), 1));
  CHECK(ready.contains(model::target_key("a-1")));
  CHECK(taken(ready) == "a-1");
  CHECK(!ready.contains(model::target_key("a-1")));
  CHECK(ready.add(waiting("a", 1), 1));
}

TEST_CASE("a tenant with one task does not wait for the many tasks of another") {
  ready_queue ready;
  for (int i = 0; i < 1'000; ++i)
    ready.add(waiting("many", i, 9), standard_cost);
  ready.add(waiting("one", 1), standard_cost);
  CHECK(shares(ready, 4)["one"] == 1);
  CHECK(ready.size("many") == 997);
  CHECK(ready.size("one") == 0);
  CHECK(ready.size("nobody") == 0);
}

TEST_CASE("a turn costs as many probes as its scan sends, so full sweeps get fewer turns") {
  ready_queue ready;
  for (int i = 0; i < 200; ++i) {
    ready.add(waiting("full", i), full_cost);
    ready.add(waiting("standard", i), standard_cost);
  }
  auto first = shares(ready, 130);
  CHECK(first["full"] >= 1);
  CHECK(first["full"] <= 3);
}

TEST_CASE("tenants with scans of equal cost get equal shares, whenever their tasks arrive") {
  ready_queue ready;
  int number = 0;
  // The tasks of one tenant arrive one by one, each when the one before it is taken.
  for (int i = 0; i < 300; ++i) {
    ready.add(waiting("trickle", ++number), standard_cost);
    CHECK(taken(ready).starts_with("trickle"));
  }
  for (int i = 0; i < 400; ++i) {
    ready.add(waiting("trickle", ++number), standard_cost);
    ready.add(waiting("steady", ++number), standard_cost);
  }
  auto first = shares(ready, 100);
  CHECK(first["trickle"] >= 45);
  CHECK(first["steady"] >= 45);
}

TEST_CASE("removed tasks are gone, and their tenant starts with an equal share") {
  ready_queue ready;
  for (int i = 0; i < 10; ++i) {
    ready.add(waiting("a", i), standard_cost);
    ready.add(waiting("b", i), standard_cost);
  }
  ready.remove_if([](const views::waiting_task& task) { return task.visibility == "a"; });
  CHECK(ready.size() == 10);
  CHECK(ready.size("a") == 0);
  CHECK(!ready.contains(model::target_key("a-1")));
  for (int i = 0; i < 100; ++i) {
    ready.add(waiting("a", 100 + i), standard_cost);
    ready.add(waiting("b", 100 + i), standard_cost);
  }
  auto first = shares(ready, 50);
  CHECK(first["a"] >= 22);
  CHECK(first["a"] <= 28);
}

TEST_CASE("every task that is added is taken") {
  ready_queue ready;
  for (int i = 0; i < 500; ++i)
    ready.add(waiting("tenant-" + std::to_string(i % 7), i, i % 3), i % 2 == 0 ? full_cost : 1);
  int count = 0;
  while (ready.take())
    ++count;
  CHECK(count == 500);
  CHECK(ready.size() == 0);
}

}  // namespace sonde::scanner
