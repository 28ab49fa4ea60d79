#include "views/task_view.hpp"

#include "tests/views/task_world.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>

namespace sonde::views {
namespace {

using namespace test_views;

/// A world with a running scan.
struct running_world : task_world {
  running_world() {
    put(running);
    put(to_record(model::progress_event{asked.key, asked.id(), {100, 40, 2}, {}}));
    CHECK(find(asked.key)->progress == model::task_progress{100, 40, 2});
  }

  model::scan_request asked = request("203.0.113.1");
  queue::position place = put(asked);
  scan_task running = model::started(snapshot_of(asked, place.offset, 5, 1), asked.requested);
};

}  // namespace

TEST_CASE("a task is visible as soon as its request is on the topic") {
  task_world w;
  auto asked = request("203.0.113.1");
  CHECK(!w.find(asked.key));
  CHECK(!w.find(asked.id()));
  w.put(asked);
  auto task = w.find(asked.key);
  REQUIRE(task);
  CHECK(task->current.state == task_state::queued);
  auto found = w.find(asked.id());
  REQUIRE(found);
  CHECK(found->is_current());
  CHECK(test::run(w.view->count_queued("public\n")).total == 1);
  CHECK(test::run(w.view->count_queued("public\n")).of_tenant == 1);
  CHECK(test::run(w.view->count_queued("other\n")).of_tenant == 0);
}

TEST_CASE("a snapshot replaces only the requests that it has folded") {
  task_world w;
  auto first = request("203.0.113.1", 1);
  auto second = request("203.0.113.1", 2);
  auto place = w.put(first);
  auto running = model::started(snapshot_of(first, place.offset, 5, 1), first.requested);
  w.put(running);
  CHECK(w.find(first.key)->current.state == task_state::running);
  CHECK(test::run(w.view->count_queued("public\n")).total == 0);
  CHECK(test::run(w.view->count_queued("public\n")).of_tenant == 0);

  // The second request is on the topic before the snapshot that does not include it.
  w.put(second);
  auto done = model::ended(running, {model::outcome_kind::complete, "x"}, first.requested);
  done.version = {5, 2};
  w.put(done);
  auto task = w.find(first.key);
  CHECK(task->current.number == 2);
  CHECK(task->current.state == task_state::queued);
  REQUIRE(w.find(first.id()));
  CHECK(!w.find(first.id())->is_current());
  CHECK(w.find(first.id())->generation->state == task_state::done);
  CHECK(w.find(second.id())->is_current());
  CHECK(test::run(w.view->snapshot(first.key))->current.number == 1);
}

TEST_CASE("a fenced owner's snapshot is ignored, and so is a request below the snapshot") {
  task_world w;
  auto asked = request("203.0.113.1");
  auto place = w.put(asked);
  auto mine = model::started(snapshot_of(asked, place.offset, 9, 4), asked.requested);
  w.put(mine);
  auto former = model::ended(mine, {model::outcome_kind::tarpit, "former"}, asked.requested);
  former.version = {5, 99};
  w.put(former);
  CHECK(w.find(asked.key)->current.state == task_state::running);
}

TEST_CASE("a task whose last record is not its newest one is known until it is written again") {
  task_world w;
  auto asked = request("203.0.113.1");
  auto place = w.put(asked);
  auto overwritten = [&] {
    REQUIRE(w.find(asked.key));
    auto in_partition = w.view->overwritten(place.partition, "", 10);
    return test::run(std::move(in_partition));
  };
  w.put(snapshot_of(asked, place.offset, 9, 4));
  CHECK(overwritten().empty());
  w.put(snapshot_of(asked, place.offset, 5, 99));
  CHECK(overwritten() == std::vector{asked.key});
  w.close();
  w.open();
  CHECK(overwritten() == std::vector{asked.key});
  CHECK(test::run(w.view->overwritten(1 - place.partition, "", 10)).empty());
  CHECK(test::run(w.view->overwritten(place.partition, asked.key.str(), 10)).empty());
  w.put(snapshot_of(asked, place.offset, 9, 5));
  CHECK(overwritten().empty());
}

TEST_CASE("lease records are not tasks, and invalid records are skipped") {
  task_world w;
  w.put(to_record(model::lease{"me", 0, {}}));
  w.put({model::topics::scan_tasks, "k", "no json", {}});
  w.put({model::topics::scan_requests, "k", "{}", {}});
  w.put({model::topics::scan_progress, "k", "[]", {}});
  auto asked = request("203.0.113.1");
  w.put(asked);
  CHECK(w.find(asked.key));
}

TEST_CASE_FIXTURE(running_world,
                  "progress shows on the running task and not on the next generation") {
  auto next =
      model::fold(model::ended(running, {model::outcome_kind::complete, "x"}, asked.requested),
                  request("203.0.113.1", 2), place.offset + 1, 16);
  next.version = {5, 2};
  put(next);
  CHECK(find(asked.key)->progress == model::task_progress{});
}

TEST_CASE_FIXTURE(running_world, "progress that follows the end changes nothing") {
  auto ended = model::ended(running, {model::outcome_kind::complete, "x"}, asked.requested);
  ended.progress = {100, 100, 3};
  ended.version = {5, 2};
  put(ended);
  put(to_record(model::progress_event{asked.key, asked.id(), {100, 70, 2}, {}}));
  CHECK(find(asked.key)->progress == model::task_progress{100, 100, 3});
}

TEST_CASE("an id older than the history is known, without its outcome") {
  task_world w;
  w.bounds.task_generations = 2;
  std::vector<model::scan_request> asked;
  std::optional<scan_task> task;
  for (std::uint64_t g = 1; g <= 4; ++g) {
    asked.push_back(request("203.0.113.1", g));
    auto place = w.put(asked.back());
    task = model::fold(task, asked.back(), place.offset, 2);
    task->version = {5, g};
    task = model::ended(*task, {model::outcome_kind::complete, "x"}, asked.back().requested);
    w.put(*task);
    CHECK(w.find(asked.back().id()));
  }
  auto oldest = w.find(asked[0].id());
  REQUIRE(oldest);
  CHECK(!oldest->generation);
  CHECK(w.find(asked[1].id())->generation->state == task_state::done);

  task_world compacted;
  compacted.put(*task);
  oldest = compacted.find(asked[0].id());
  REQUIRE(oldest);
  CHECK(!oldest->generation);
  CHECK(compacted.find(asked[2].id())->generation->state == task_state::done);
}

TEST_CASE("waiting tasks come by priority, then by age, per visibility and partition") {
  task_world w;
  auto low = request("203.0.113.1", 2);
  auto early = request("203.0.113.2", 1);
  auto high = request("203.0.113.3", 3);
  high.priority = 5;
  auto other = request("203.0.113.4", 1, {"them"});
  auto ended = request("203.0.113.5");
  for (const auto& r : {low, early, high, other}) {
    auto place = w.put(r);
    w.put(snapshot_of(r, place.offset, 5, 1));
  }
  auto place = w.put(ended);
  w.put(model::ended(snapshot_of(ended, place.offset, 5, 1), {model::outcome_kind::complete, "x"},
                     ended.requested));
  auto only_asked = request("203.0.113.6");  // no snapshot: the scheduler has not processed it
  w.put(only_asked);
  CHECK(w.find(only_asked.key));

  auto waiting = test::run(w.view->waiting({0, 1}, "public\n", 10));
  REQUIRE(waiting.size() == 3);
  CHECK(waiting[0].key == high.key);
  CHECK(waiting[1].key == early.key);
  CHECK(waiting[2].key == low.key);
  CHECK(test::run(w.view->waiting({0, 1}, "public\n", 2)).size() == 2);
  auto split = test::run(w.view->waiting({0}, "public\n", 10)).size() +
               test::run(w.view->waiting({1}, "public\n", 10)).size();
  CHECK(split == 3);
  CHECK(test::run(w.view->waiting_visibilities({0, 1}, "", 10)) ==
        std::vector<std::string>{"public\n", "them\n"});
  auto queued = test::run(w.view->summarise_queue());
  CHECK(queued.scans == 5);
  REQUIRE(queued.oldest);
  CHECK(*queued.oldest == std::min({low.requested, early.requested, high.requested, other.requested,
                                    only_asked.requested}));
}

TEST_CASE("a view resumes at its position, and is rebuilt if its file is missing or damaged") {
  task_world w;
  auto first = request("203.0.113.1");
  w.put(first);
  REQUIRE(w.find(first.key));
  w.close();
  SUBCASE("intact") {}
  SUBCASE("missing") {
    std::filesystem::remove(w.folder.path() / "tasks.db");
  }
  SUBCASE("damaged") {
    std::filesystem::resize_file(w.folder.path() / "tasks.db", 5000);
  }
  SUBCASE("ahead of its topics") {
    SQLite::Database file(w.folder.path() / "tasks.db", SQLite::OPEN_READWRITE);
    file.exec("UPDATE positions SET next = next + 10");
  }
  auto second = request("203.0.113.2");
  w.put(second);
  w.open();
  CHECK(w.find(first.key));
  CHECK(w.find(second.key));
  CHECK(test::run(w.view->count_queued("public\n")).total == 2);
  CHECK(test::run(w.view->health()).complete);
}

TEST_CASE("one call returns the summaries of many tasks") {
  task_world w;
  auto first = request("203.0.113.1");
  auto second = request("203.0.113.2");
  const std::string hook(64, 'a');
  second.webhooks.push_back({hook, "http://127.0.0.1:80", "sealed"});
  auto place = w.put(first);
  w.put(second);
  auto when = first.requested + hours(1);
  auto ended = model::ended(snapshot_of(first, place.offset, 5, 1),
                            {model::outcome_kind::complete, "x"}, when);
  w.put(ended);
  auto counts = test::run(w.view->catch_up_and_count("public\n", task_world::soon())).value();
  CHECK(counts.total == 1);
  CHECK(counts.of_tenant == 1);
  auto unknown = request("203.0.113.3");
  std::vector<sought_task> sought = {{first.key}, {unknown.key}, {second.key}, {second.key, true}};
  auto told = test::run(w.view->summaries_of(sought));
  REQUIRE(told.size() == 4);
  REQUIRE(told[0]);
  CHECK(told[0]->id == first.id());
  CHECK(told[0]->generation == 1);
  CHECK(told[0]->state == task_state::done);
  CHECK(told[0]->ended == when);
  CHECK(!told[1]);
  CHECK(told[2]->state == task_state::queued);
  CHECK(!told[2]->ended);
  CHECK(told[2]->webhooks.empty());
  CHECK(told[3]->webhooks == std::vector<std::string>{hook});
}

}  // namespace sonde::views
