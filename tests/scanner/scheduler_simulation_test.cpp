#include "tests/scanner/scheduler_simulation.hpp"

#include "model/scan/task_fold.hpp"
#include "tests/scanner/scheduler_fixture.hpp"
#include "tests/support/doctest.hpp"

#include <atomic>
#include <future>
#include <string>

namespace sonde::test {
namespace {

/// To replay one seed, set `first_seed` to it and `seeds` to 1.
constexpr std::uint64_t first_seed = 1;
constexpr std::uint64_t seeds = 10'000;

}  // namespace

TEST_CASE("no interleaving of leases, crashes and late writes loses or repeats a scan") {
  // No seed depends on another one, so two threads share them.
  std::atomic<std::uint64_t> next = first_seed;
  auto first_violation = [&next] {
    std::string out;
    for (auto seed = next++; seed < first_seed + seeds && out.empty(); seed = next++) {
      scheduler_simulation world(seed);
      out = world.run();
      if (!out.empty()) out += ", seed " + std::to_string(seed);
    }
    return out;
  };
  auto other = std::async(std::launch::async, first_violation);
  CHECK(first_violation() == "");
  CHECK(other.get() == "");
}

TEST_CASE("a request that is committed before its snapshot is read back can be lost") {
  int lost = 0;
  for (auto seed = first_seed; seed < first_seed + seeds && lost == 0; ++seed) {
    scheduler_simulation world(seed, commit_rule::at_once);
    if (!world.run().empty()) ++lost;
  }
  CHECK(lost == 1);
}

TEST_CASE("the same seed gives the same run") {
  for (std::uint64_t seed : {1U, 2U, 3U}) {
    scheduler_simulation once(seed);
    scheduler_simulation again(seed);
    CHECK(once.run() == again.run());
    CHECK(once.log().tasks.size() == again.log().tasks.size());
    CHECK(once.log().ends == again.log().ends);
  }
}

TEST_CASE("the simulation notices what it looks for") {
  simulated_log log;
  log.requests.push_back(scan_of("203.0.113.1", "80"));
  CHECK(violation_of(log) == "uncommitted requests");
  log.committed = 1;
  CHECK(violation_of(log) == "a request without a task");
  auto queued = task_of(log.requests[0]);
  queued.version = {1, 1};
  log.tasks.push_back({"one", nullptr});
  log.terms[1] = "one/0";
  log.tasks.push_back({"", std::make_shared<const model::scan_task>(queued)});
  auto id = log.requests[0].id().str();
  CHECK(violation_of(log) == "a scan did not end " + id);
  auto write = [&log](model::scan_task task, const char* why, model::task_version version) {
    task = model::ended(std::move(task), {model::outcome_kind::complete, why}, {});
    task.version = version;
    log.tasks.push_back({"", std::make_shared<const model::scan_task>(std::move(task))});
  };
  write(queued, "first", {1, 2});
  CHECK(violation_of(log) == "");
  SUBCASE("a second end") {
    write(queued, "second", {1, 3});
    CHECK(violation_of(log) == "a scan ended twice");
  }
  SUBCASE("a run after the end") {
    queued.version = {1, 3};
    log.tasks.push_back({"", std::make_shared<const model::scan_task>(queued)});
    CHECK(violation_of(log) == "a scan ran again after its end");
  }
  SUBCASE("a fenced owner that has the last word") {
    log.tasks.push_back({"two", nullptr});
    write(queued, "late", {1, 3});
    CHECK(violation_of(log) == "the last record is a fenced owner's");
  }
  SUBCASE("a fenced owner that overwrites a newer state, before the owner dies") {
    log.tasks.push_back({"two", nullptr});
    write(queued, "first", {4, 3});
    write(queued, "first", {1, 3});
    log.tasks.push_back({"three", nullptr});
    CHECK(violation_of(log) == "compaction would keep an old record");
  }
  SUBCASE("a lost webhook") {
    log.requests[0].webhooks.push_back({"hook", "https://hooks.example.com:443", "encrypted"});
    CHECK(violation_of(log) == "a webhook is lost " + id);
  }
}

}  // namespace sonde::test
