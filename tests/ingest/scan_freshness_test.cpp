#include "ingest/scans/scan_freshness.hpp"

#include "model/scan/task_fold.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::ingest {
namespace {

using model::task_state;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr wall_time now{seconds(1'767'323'045)};

bool answers(std::optional<wall_time> ended, seconds max_age) {
  scan_order order;
  order.max_age = max_age;
  return will_do({task_state::done, ended, model::scan_depth::standard}, order, now);
}

scan_order deep_order() {
  scan_order order;
  order.depth = model::scan_depth::deep;
  return order;
}

/// Returns a task with a running light scan, and another one that waits for its end.
model::scan_task two_scans(std::optional<model::scan_depth> waiting) {
  scan_order order;
  order.target = model::target::parse("203.0.113.1").value();
  order.profile = "standard";
  order.depth = model::scan_depth::light;
  auto first = to_request(order, {"public"}, 1, now);
  auto task = model::started(model::fold(std::nullopt, first, 0, 3), now);
  if (!waiting) return task;
  order.depth = *waiting;
  return model::fold(task, to_request(order, {"public"}, 2, now), 1, 3);
}

}  // namespace

TEST_CASE("a done scan answers an order if it is younger than max_age") {
  CHECK(answers(now - seconds(59), seconds(60)));
  CHECK(!answers(now - seconds(60), seconds(60)));
  CHECK(!answers(std::nullopt, seconds(60)));
}

TEST_CASE("a scan with an end in the future answers no order, also none that wants a new scan") {
  CHECK(!answers(now + hours(1), hours(1000)));
  CHECK(!answers(now + hours(1), seconds(0)));
  CHECK(!answers(now + milliseconds(1), seconds(0)));
  CHECK(!answers(now, seconds(0)));
}

TEST_CASE("the clocks of two machines may differ by five seconds") {
  CHECK(answers(now + seconds(5), seconds(60)));
  CHECK(!answers(now + seconds(6), seconds(60)));
}

TEST_CASE("a running scan answers every order, a failed scan answers none") {
  scan_order order;
  order.max_age = seconds(0);
  CHECK(will_do({task_state::running, std::nullopt, {}}, order, now));
  order.max_age = hours(1);
  CHECK(!will_do({task_state::failed, now, {}}, order, now));
}

TEST_CASE("a done or running scan answers orders up to its depth, a queued scan every depth") {
  using model::scan_depth;
  const scan_depth all[] = {scan_depth::light, scan_depth::standard, scan_depth::deep};
  for (auto held : all) {
    for (auto wanted : all) {
      scan_order order;
      order.depth = wanted;
      bool enough = held >= wanted;
      CHECK(will_do({task_state::done, now - seconds(1), held}, order, now) == enough);
      CHECK(will_do({task_state::running, std::nullopt, held}, order, now) == enough);
      CHECK(will_do({task_state::queued, std::nullopt, held}, order, now));
    }
  }
}

TEST_CASE("a scan of an earlier version counts as one of the depth standard") {
  scan_order order;
  CHECK(will_do({task_state::done, now - seconds(1), {}}, order, now));
  CHECK(!will_do({task_state::done, now - seconds(1), {}}, deep_order(), now));
}

TEST_CASE("an order for more than the running scan concerns the scan that waits for its end") {
  auto alone = concerned(two_scans(std::nullopt), deep_order());
  CHECK(alone.current.number == 1);
  CHECK(next_generation(alone) == 2);
  auto waiting = concerned(two_scans(model::scan_depth::standard), deep_order());
  CHECK(waiting.current.number == 2);
  CHECK(waiting.current.state == task_state::queued);
  CHECK(waiting.current.id == model::task_id_of(waiting.key, 2));
  CHECK(waiting.depth == model::scan_depth::standard);
  scan_order light;
  light.depth = model::scan_depth::light;
  CHECK(concerned(two_scans(model::scan_depth::deep), light).current.number == 1);
}

TEST_CASE("a waiting scan that was cancelled stays so: the order starts the scan after it") {
  auto task = two_scans(model::scan_depth::deep);
  task.next->cancelled = true;
  auto still = concerned(task, deep_order());
  CHECK(still.current.number == 1);
  CHECK(next_generation(still) == 3);
}

}  // namespace sonde::ingest
