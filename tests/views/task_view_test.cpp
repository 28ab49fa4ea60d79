#include "views/task_view.hpp"

#include "base/async/event_loop.hpp"
#include "base/async/task_group.hpp"
#include "model/events.hpp"
#include "model/task_fold.hpp"
#include "queue/memory/memory_queue.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <set>

namespace sonde::views {
namespace {

using model::scan_task;
using model::task_state;
using std::chrono::hours;
using std::chrono::seconds;

constexpr int partitions = 2;

model::scan_request request(const std::string& target, std::uint64_t generation = 1,
                            model::group_list scope = {"public"}) {
  model::scan_request r;
  r.target = model::target::parse(target).value();
  r.profile = "standard";
  r.scope = std::move(scope);
  r.key = model::key_of(r.target, r.profile, r.scope);
  r.generation = generation;
  r.requested = wall_time(seconds(1'767'323'045 + static_cast<int>(generation)));
  return r;
}

/// A queue and a view of it; the view can be closed and opened again.
struct task_world {
  task_world() {
    std::vector<queue::topic_spec> topics = {
        {.name = model::topics::scan_requests, .partitions = partitions},
        {.name = model::topics::scan_tasks,
         .partitions = partitions,
         .policy = queue::cleanup::compact},
        {.name = model::topics::scan_progress, .partitions = partitions, .retention = hours(1)}};
    queue = queue::make_memory_queue(topics, "test", clock, bounds, log).value();
    open();
  }
  ~task_world() {
    close();
    queue->close();
  }

  void open() {
    loop = std::make_unique<event_loop>("view");
    view = open_task_view(loop->get_executor(), *queue, folder.path() / "tasks.db", bounds, log)
               .value();
    loop->start();
  }
  void close() {
    test::run(view->stop());
    loop->join();
    view.reset();
  }

  queue::position put(record r) {
    std::vector<record> batch;
    batch.push_back(std::move(r));
    return test::run(queue->produce(std::move(batch))).value().front();
  }
  queue::position put(const model::scan_request& r) { return put(to_record(r, "request")); }
  queue::position put(const scan_task& t) { return put(to_record(t, wall_time{})); }

  std::optional<scan_task> find(const model::target_key& key) {
    return test::run(view->find(key, soon())).value();
  }
  std::optional<found_task> find(const model::task_id& id) { return find(id, {"public"}); }
  std::optional<found_task> find(const model::task_id& id, model::group_list groups) {
    return test::run(view->find(id, std::move(groups), soon())).value();
  }
  static steady_time soon() { return std::chrono::steady_clock::now() + seconds(20); }

  test::temporary_folder folder;
  system_clock clock;
  limits bounds;
  logger log{log_level::error};
  std::unique_ptr<queue::backend> queue;
  std::unique_ptr<event_loop> loop;
  std::unique_ptr<task_view> view;
};

scan_task snapshot_of(const model::scan_request& r, std::int64_t offset, std::uint64_t epoch,
                      std::uint64_t revision) {
  auto task = model::fold(std::nullopt, r, offset, 16);
  task.version = {epoch, revision};
  return task;
}

/// With a scan that is under way.
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

TEST_CASE("a task is known from the moment its request is on the topic") {
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
  CHECK(test::run(w.view->count_queued("public\n")).in_scope == 1);
  CHECK(test::run(w.view->count_queued("other\n")).in_scope == 0);
}

TEST_CASE("a snapshot replaces what it has folded, and no more") {
  task_world w;
  auto first = request("203.0.113.1", 1);
  auto second = request("203.0.113.1", 2);
  auto place = w.put(first);
  auto running = model::started(snapshot_of(first, place.offset, 5, 1), first.requested);
  w.put(running);
  CHECK(w.find(first.key)->current.state == task_state::running);
  CHECK(test::run(w.view->count_queued("public\n")).total == 0);
  CHECK(test::run(w.view->count_queued("public\n")).in_scope == 0);

  // The second request is on the topic before the snapshot that does not know it.
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

TEST_CASE("a ghost's snapshot is ignored, and so is a request below the snapshot") {
  task_world w;
  auto asked = request("203.0.113.1");
  auto place = w.put(asked);
  auto mine = model::started(snapshot_of(asked, place.offset, 9, 4), asked.requested);
  w.put(mine);
  auto ghost = model::ended(mine, {model::outcome_kind::tarpit, "ghost"}, asked.requested);
  ghost.version = {5, 99};
  w.put(ghost);
  CHECK(w.find(asked.key)->current.state == task_state::running);
}

TEST_CASE("claims are no tasks, and nonsense is skipped") {
  task_world w;
  w.put(to_record(model::claim{"me", 0, {}}));
  w.put({model::topics::scan_tasks, "k", "no json", {}});
  w.put({model::topics::scan_requests, "k", "{}", {}});
  w.put({model::topics::scan_progress, "k", "[]", {}});
  auto asked = request("203.0.113.1");
  w.put(asked);
  CHECK(w.find(asked.key));
}

TEST_CASE_FIXTURE(running_world, "progress shows on the running task and not on the next one") {
  auto next =
      model::fold(model::ended(running, {model::outcome_kind::complete, "x"}, asked.requested),
                  request("203.0.113.1", 2), place.offset + 1, 16);
  next.version = {5, 2};
  put(next);
  CHECK(find(asked.key)->progress == model::task_progress{});
}

TEST_CASE_FIXTURE(running_world, "progress that comes behind the end changes nothing") {
  auto ended = model::ended(running, {model::outcome_kind::complete, "x"}, asked.requested);
  ended.progress = {100, 100, 3};
  ended.version = {5, 2};
  put(ended);
  put(to_record(model::progress_event{asked.key, asked.id(), {100, 70, 2}, {}}));
  CHECK(find(asked.key)->progress == model::task_progress{100, 100, 3});
}

TEST_CASE("an id too old for the history is known, but not what became of it") {
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

TEST_CASE("waiting tasks come by priority, then by age, per scope and partition") {
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
  auto only_asked = request("203.0.113.6");  // no snapshot: the scheduler has not seen it
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
  CHECK(test::run(w.view->waiting_scopes({0, 1}, "", 10)) ==
        std::vector<std::string>{"public\n", "them\n"});
}

TEST_CASE("a view goes on where it was, and is rebuilt when its file is gone or damaged") {
  task_world w;
  auto first = request("203.0.113.1");
  w.put(first);
  REQUIRE(w.find(first.key));
  w.close();
  SUBCASE("kept") {}
  SUBCASE("gone") {
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
  CHECK(test::run(w.view->ready()));
}

TEST_CASE("what many tasks are about to be judged by is told in one go") {
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
  CHECK(counts.in_scope == 1);
  auto unknown = request("203.0.113.3");
  std::vector<sought_task> sought = {{first.key}, {unknown.key}, {second.key}, {second.key, true}};
  auto told = test::run(w.view->standings(sought));
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

TEST_CASE("whoever waits for a scan that has to wait itself, waits") {
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

TEST_CASE("whoever waits for a change is woken by it") {
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
    // Until the view has the question, so that the change comes after it.
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

TEST_CASE("a hidden task takes the path of one that is not there") {
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

TEST_CASE("scopes that wait are named a few at a time, of the partitions that are meant") {
  task_world w;
  std::set<std::string> all;
  for (int i = 0; i < 30; ++i) {
    auto scope = "tenant-" + std::to_string(10 + i);
    auto asked = request("203.0.113.1", 1, {scope});
    auto place = w.put(asked);
    w.put(snapshot_of(asked, place.offset, 5, 1));
    REQUIRE(w.find(asked.key));
    all.insert(scope + "\n");
  }
  std::set<std::string> seen;
  std::string after;
  while (true) {
    auto some = test::run(w.view->waiting_scopes({0, 1}, after, 7));
    CHECK(some.size() <= 7);
    if (some.empty()) break;
    seen.insert(some.begin(), some.end());
    after = some.back();
  }
  CHECK(seen == all);
  auto of_one = test::run(w.view->waiting_scopes({0}, "", 100)).size();
  auto of_other = test::run(w.view->waiting_scopes({1}, "", 100)).size();
  CHECK(of_one + of_other == 30);
}

}  // namespace sonde::views
