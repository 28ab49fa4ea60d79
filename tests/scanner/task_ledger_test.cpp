#include "scanner/scheduler/task_ledger.hpp"

#include "base/async/task_group.hpp"
#include "model/events.hpp"
#include "model/scan/task_fold.hpp"
#include "tests/scanner/scheduler_fixture.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/until.hpp"

#include <algorithm>

namespace sonde::scanner {
namespace {

using model::scan_task;
using model::target_key;
using test::task_world;
using keys = std::vector<target_key>;

/// A ledger that owns partition 0, and helpers to change its tasks.
struct ledger_bench {
  ledger_bench(executor loop, task_world& of) : world(of), ledger(of.context(loop)) {
    ledger.own(0, 10);
  }

  /// Creates the task of a request.
  void fold(const model::scan_request& request, std::int32_t partition = 0) {
    ledger.change(request.key, partition, [&](std::optional<scan_task> before) {
      return model::fold(std::move(before), request, 0, 16);
    });
  }
  void raise_priority(const target_key& key, int by) {
    ledger.change(key, 0, [by](std::optional<scan_task> task) {
      task->priority += by;
      return *task;
    });
  }

  task_world& world;
  task_ledger ledger;
};

scan_task ended_now(scan_task task) {
  task = model::started(std::move(task), wall_time(std::chrono::seconds(1)));
  return model::ended(std::move(task), {model::outcome_kind::complete, "all said"},
                      wall_time(std::chrono::seconds(2)));
}

}  // namespace

TEST_CASE("a task does not exist until a change creates it, and publishing makes it visible") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    ledger_bench b(loop, world);
    auto request = test::scan_of("203.0.113.1", "80");
    auto before = co_await b.ledger.load(request.key, 0);
    CHECK(!before);
    b.fold(request);
    CHECK(b.ledger.held(request.key).version == model::task_version{10, 1});
    auto not_yet = co_await world.shown(request.key);
    CHECK(!not_yet);
    keys all{request.key};
    bool published = co_await b.ledger.publish(all);
    CHECK(published);
    auto shown = co_await world.shown(request.key);
    CHECK(shown == b.ledger.held(request.key));
    b.ledger.release(request.key);
  }());
}

TEST_CASE("revisions continue across owners") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    auto request = test::scan_of("203.0.113.1", "80");
    auto former = co_await test::left_by_former_owner(world, request);
    ledger_bench b(loop, world);
    auto loaded = co_await b.ledger.load(request.key, 0);
    CHECK(loaded == former);
    b.raise_priority(request.key, 1);
    CHECK(b.ledger.held(request.key).version == model::task_version{10, 8});
    b.ledger.release(request.key);
  }());
}

TEST_CASE("the later snapshot holds both of two concurrent changes") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    ledger_bench b(loop, world);
    auto request = test::scan_of("203.0.113.1", "80");
    co_await b.ledger.load(request.key, 0);
    b.fold(request);
    auto raise = [&](int by) -> awaitable<void> {
      co_await b.ledger.load(request.key, 0);
      b.raise_priority(request.key, by);
      keys all{request.key};
      co_await b.ledger.publish(all);
      b.ledger.release(request.key);
    };
    task_group both(loop, world.log(), "both");
    both.spawn(raise(1));
    both.spawn(raise(2));
    co_await both.join();
    auto shown = co_await world.shown(request.key);
    CHECK(shown->priority == 3);
    CHECK(shown->version == model::task_version{10, 3});
    b.ledger.release(request.key);
  }());
}

TEST_CASE("concurrent loads of a task share one instance") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    auto request = test::scan_of("203.0.113.1", "80");
    co_await world.put(test::task_of(request));
    co_await world.shown(request.key);
    ledger_bench b(loop, world);
    auto raise = [&]() -> awaitable<void> {
      co_await b.ledger.load(request.key, 0);
      b.raise_priority(request.key, 1);
    };
    task_group both(loop, world.log(), "both");
    for (int i = 0; i < 5; ++i)
      both.spawn(raise());
    co_await both.join();
    CHECK(b.ledger.held(request.key).priority == 5);
    for (int i = 0; i < 5; ++i)
      b.ledger.release(request.key);
  }());
}

TEST_CASE("a task of a partition that is not owned is not published") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    ledger_bench b(loop, world);
    auto request = test::scan_of("203.0.113.1", "80");
    co_await b.ledger.load(request.key, 0);
    b.fold(request);
    keys all{request.key};
    b.ledger.disown(0);
    CHECK(!b.ledger.owns(0));
    bool published = co_await b.ledger.publish(all);
    CHECK(!published);
    CHECK(world.queue().accepted.empty());
    // The view does not show the task, but a run may still use it.
    auto shown = co_await b.ledger.load(request.key, 0);
    CHECK(!shown);
    CHECK(b.ledger.held(request.key).key == request.key);
    b.ledger.release(request.key);
    b.ledger.own(0, 11);
    CHECK(b.ledger.owned() == std::vector<std::int32_t>{0});
    // Another owner may have written the task since, so the change is void.
    published = co_await b.ledger.publish(all);
    CHECK(!published);
    auto task = co_await b.ledger.load(request.key, 0);
    CHECK(!task);
    b.fold(request);
    published = co_await b.ledger.publish(all);
    CHECK(published);
    b.ledger.release(request.key);
    b.ledger.release(request.key);
  }());
}

TEST_CASE("publishing retries while the queue refuses, until the owner changes") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    ledger_bench b(loop, world);
    auto request = test::scan_of("203.0.113.1", "80");
    co_await b.ledger.load(request.key, 0);
    b.fold(request);
    keys all{request.key};
    int refused = 0;
    world.queue().refuses = [&](const std::vector<record>&) { return ++refused <= 2; };
    bool published = co_await b.ledger.publish(all);
    CHECK(published);
    CHECK(refused == 3);
    world.queue().refuses = [&](const std::vector<record>&) {
      b.ledger.disown(0);
      return true;
    };
    published = co_await b.ledger.publish(all);
    CHECK(!published);
    b.ledger.own(0, 12);
    b.ledger.give_up();
    world.queue().refuses = [](const std::vector<record>&) { return true; };
    published = co_await b.ledger.publish(all);
    CHECK(!published);
    b.ledger.release(request.key);
  }());
}

TEST_CASE("a task that cannot be recorded is ended, and its neighbours are published in full") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    ledger_bench b(loop, world);
    auto large = test::scan_of("203.0.113.1", "80");
    auto small = test::scan_of("203.0.113.2", "80");
    keys all{large.key, small.key};
    for (const auto& request : {large, small}) {
      co_await b.ledger.load(request.key, 0);
      b.fold(request);
    }
    b.raise_priority(small.key, 4);
    world.queue().refusal = queue::errc::too_large;
    world.queue().refuses = [&](const std::vector<record>& batch) {
      return std::ranges::any_of(batch, [&](const record& each) {
        return each.key == large.key.str() &&
               !model::is_terminal(model::parse_scan_task(each.value).value().current.state);
      });
    };
    bool published = co_await b.ledger.publish(all);
    CHECK(published);
    auto ended = co_await world.shown(large.key);
    CHECK(ended->current.state == model::task_state::failed);
    CHECK(ended->current.outcome->reason == "its record was refused: the test wants it so");
    auto whole = co_await world.shown(small.key);
    CHECK(whole->priority == 4);
    CHECK(whole->current.state == model::task_state::queued);
    for (const auto& key : all)
      b.ledger.release(key);
  }());
}

TEST_CASE("a task with no recordable snapshot does not block publishing") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    ledger_bench b(loop, world);
    auto request = test::scan_of("203.0.113.1", "80");
    co_await b.ledger.load(request.key, 0);
    b.fold(request);
    world.queue().refusal = queue::errc::too_large;
    world.queue().refuses = [](const std::vector<record>&) { return true; };
    keys all{request.key};
    bool published = co_await b.ledger.publish(all);
    CHECK(published);
    b.ledger.release(request.key);
  }());
}

TEST_CASE("publishing writes the state that the task has at that time") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    ledger_bench b(loop, world);
    auto request = test::scan_of("203.0.113.1", "80");
    co_await b.ledger.load(request.key, 0);
    b.fold(request);
    bool first = true;
    world.queue().refuses = [&](const std::vector<record>&) {
      if (first) b.raise_priority(request.key, 4);
      return std::exchange(first, false);
    };
    keys all{request.key};
    co_await b.ledger.publish(all);
    auto shown = co_await world.shown(request.key);
    CHECK(shown->priority == 4);
    b.ledger.release(request.key);
  }());
}

TEST_CASE("a change that was not published before the partition was lost is dropped") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    ledger_bench b(loop, world);
    auto request = test::scan_of("203.0.113.1", "80");
    co_await b.ledger.load(request.key, 0);
    b.fold(request);
    keys all{request.key};
    co_await b.ledger.publish(all);
    auto published = co_await world.shown(request.key);
    b.raise_priority(request.key, 7);
    b.ledger.release(request.key);
    b.ledger.disown(0);
    b.ledger.own(0, 11);
    auto loaded = co_await b.ledger.load(request.key, 0);
    CHECK(loaded == published);
    b.ledger.release(request.key);
  }());
}

TEST_CASE("a task that was only loaded is read again after its partition was lost") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    ledger_bench b(loop, world);
    auto request = test::scan_of("203.0.113.1", "80");
    auto former = co_await test::left_by_former_owner(world, request);
    b.ledger.own(4, 10);
    auto loaded = co_await b.ledger.load(request.key, 4);
    CHECK(loaded == former);
    b.ledger.disown(4);
    auto later = ended_now(former);
    later.version = {12, 8};
    co_await world.put(later);
    co_await world.shown(request.key);
    b.ledger.own(4, 20);
    loaded = co_await b.ledger.load(request.key, 4);
    CHECK(loaded == later);
    b.ledger.release(request.key);
    b.ledger.release(request.key);
  }());
}

TEST_CASE("a task is recorded while its last snapshot is stored under the present lease") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    ledger_bench b(loop, world);
    auto request = test::scan_of("203.0.113.1", "80");
    co_await b.ledger.load(request.key, 0);
    b.fold(request);
    CHECK(!b.ledger.is_recorded(request.key));
    keys all{request.key};
    co_await b.ledger.publish(all);
    CHECK(b.ledger.is_recorded(request.key));
    b.raise_priority(request.key, 1);
    CHECK(!b.ledger.is_recorded(request.key));
    co_await b.ledger.publish(all);
    CHECK(b.ledger.is_recorded(request.key));
    b.ledger.own(0, 11);
    CHECK(!b.ledger.is_recorded(request.key));
    b.ledger.release(request.key);
  }());
}

TEST_CASE(
    "a task stays in memory while it is being published, even after every holder released it") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    ledger_bench b(loop, world);
    auto request = test::scan_of("203.0.113.1", "80");
    co_await b.ledger.load(request.key, 0);
    b.fold(request);
    keys all{request.key};
    co_await b.ledger.publish(all);
    task_group group(loop, world.log(), "ledger");
    group.spawn(b.ledger.forget_what_is_seen());
    b.raise_priority(request.key, 3);
    int refused = 0;
    world.queue().refuses = [&](const std::vector<record>&) { return ++refused == 1; };
    auto publish = [&]() -> awaitable<void> { co_await b.ledger.publish(all); };
    group.spawn(publish());
    co_await test::until([&] { return refused > 0; });
    b.ledger.release(request.key);
    co_await test::until([&] { return b.ledger.unseen().empty(); });
    auto has_changed = [](const scan_task& task) { return task.priority == 3; };
    co_await world.once(request.key, has_changed);
    b.ledger.stop();
    co_await group.join();
  }());
}

TEST_CASE("a task is held until the view shows it, then dropped") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    ledger_bench b(loop, world);
    auto request = test::scan_of("203.0.113.1", "80");
    co_await b.ledger.load(request.key, 0);
    b.fold(request);
    b.ledger.change(request.key, 0,
                    [](std::optional<scan_task> task) { return ended_now(std::move(*task)); });
    keys all{request.key};
    co_await b.ledger.publish(all);
    co_await b.ledger.publish(all);
    b.ledger.release(request.key);
    CHECK(b.ledger.knows_as_ended(request.key));
    REQUIRE(b.ledger.unseen().size() == 1);
    CHECK(b.ledger.unseen()[0].offset == 1);
    task_group group(loop, world.log(), "ledger");
    group.spawn(b.ledger.forget_what_is_seen());
    co_await test::until([&] { return !b.ledger.knows_as_ended(request.key); });
    CHECK(b.ledger.unseen().empty());
    b.ledger.stop();
    co_await group.join();
  }());
}

}  // namespace sonde::scanner
