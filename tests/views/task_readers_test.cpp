// Readers that wait for a task, readers that may not see it, and the queries of the scheduler.

#include "base/async/task_group.hpp"
#include "tests/views/task_world.hpp"
#include "views/task_view.hpp"

#include <set>

namespace sonde::views {

using namespace test_views;

TEST_CASE("a reader that waits for a queued scan waits until its deadline") {
  task_world w;
  auto first = request("203.0.113.1");
  auto place = w.put(first);
  w.put(model::started(snapshot_of(first, place.offset, 5, 1), first.requested));
  auto second = request("203.0.113.1", 2);
  w.put(second);
  auto begun = std::chrono::steady_clock::now();
  auto until = begun + std::chrono::milliseconds(50);
  auto found = test::run(w.view->wait_for_change(second.id(), {"public"},
                                                 w.find(second.id())->mark(), until))
                   .value();
  REQUIRE(found);
  CHECK(found->generation->state == task_state::queued);
  CHECK(std::chrono::steady_clock::now() >= until);
}

TEST_CASE("a change wakes a waiting reader") {
  task_world w;
  auto asked = request("203.0.113.1");
  auto place = w.put(asked);
  REQUIRE(w.find(asked.key));
  auto running = model::started(snapshot_of(asked, place.offset, 5, 1), asked.requested);
  auto done = model::ended(running, {model::outcome_kind::complete, "x"}, asked.requested);
  done.version = {5, 2};
  test::run([](task_world& in, model::scan_request r, scan_task next,
               scan_task last) -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    logger log;
    task_group group(loop, log, "test");
    std::optional<task_state> seen;
    auto wait = [](task_world& of, model::task_id id,
                   std::optional<task_state>& state) -> awaitable<void> {
      model::group_list groups = {"public"};
      auto changed =
          co_await of.view->wait_for_change(id, std::move(groups), task_mark{}, task_world::soon());
      REQUIRE(changed);
      state = (*changed)->task.current.state;
    };
    group.spawn(wait(in, r.id(), seen));
    // Until the view has processed the query, so that the change follows it.
    model::group_list groups = {"public"};
    auto before = co_await in.view->find(r.id(), groups, task_world::soon());
    REQUIRE(before);
    std::vector<record> batch{to_record(next, wall_time{})};
    auto placed = co_await in.queue->produce(std::move(batch));
    REQUIRE(placed);
    co_await group.join();
    CHECK(seen == task_state::running);

    auto running_mark = task_mark{task_state::running, {}};
    auto same = co_await in.view->wait_for_change(r.id(), groups, running_mark,
                                                  std::chrono::steady_clock::now());
    REQUIRE(same);
    CHECK((*same)->task.current.state == task_state::running);
    std::vector<record> end{to_record(last, wall_time{})};
    auto ended = co_await in.queue->produce(std::move(end));
    REQUIRE(ended);
    auto folded = co_await in.view->wait_until_folded(ended->front(), task_world::soon());
    REQUIRE(folded);
    auto at_once =
        co_await in.view->wait_for_change(r.id(), groups, running_mark, task_world::soon());
    REQUIRE(at_once);
    CHECK((*at_once)->task.current.state == task_state::done);
  }(w, asked, running, done));
}

TEST_CASE("a hidden task is handled like an absent one") {
  task_world w;
  auto hidden = request("203.0.113.1", 1, {"theirs"});
  auto absent = request("203.0.113.2", 1, {"theirs"});
  w.put(hidden);
  REQUIRE(w.find(hidden.id(), {"ours", "theirs"}));
  for (const auto& one : {hidden, absent}) {
    CHECK(!w.find(one.id(), {"ours", "public"}));
    auto waited = w.view->wait_for_change(one.id(), {"ours", "public"}, task_mark{}, w.soon());
    auto begun = std::chrono::steady_clock::now();
    CHECK(!test::run(std::move(waited)).value());
    CHECK(std::chrono::steady_clock::now() - begun < seconds(10));
  }
}

TEST_CASE("the waiting tenants of the given partitions are listed in pages") {
  task_world w;
  std::set<std::string> all;
  for (int i = 0; i < 30; ++i) {
    auto visibility = "tenant-" + std::to_string(10 + i);
    auto asked = request("203.0.113.1", 1, {visibility});
    auto place = w.put(asked);
    w.put(snapshot_of(asked, place.offset, 5, 1));
    REQUIRE(w.find(asked.key));
    all.insert(visibility + "\n");
  }
  std::set<std::string> seen;
  std::string after;
  while (true) {
    auto some = test::run(w.view->waiting_visibilities({0, 1}, after, 7));
    CHECK(some.size() <= 7);
    if (some.empty()) break;
    seen.insert(some.begin(), some.end());
    after = some.back();
  }
  CHECK(seen == all);
  auto of_one = test::run(w.view->waiting_visibilities({0}, "", 100)).size();
  auto of_other = test::run(w.view->waiting_visibilities({1}, "", 100)).size();
  CHECK(of_one + of_other == 30);
}

}  // namespace sonde::views
