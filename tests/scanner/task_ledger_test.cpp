#include "scanner/scheduler/task_ledger.hpp"

#include "base/async/task_group.hpp"
#include "model/events.hpp"
#include "model/task_fold.hpp"
#include "tests/scanner/loopback_server.hpp"
#include "tests/scanner/scheduler_fixture.hpp"
#include "tests/support/doctest.hpp"

#include <algorithm>

namespace sonde::scanner {
namespace {

using model::scan_task;
using model::target_key;
using std::chrono::milliseconds;
using test::task_world;
using keys = std::vector<target_key>;

/// A ledger that owns partition 0, and a request for it.
struct ledger_bench {
  ledger_bench(executor loop, task_world& of)
      : world(of), ledger(loop, of.queue(), of.view(), of.bounds(), of.time(), of.log()) {
    ledger.own(0, 10);
  }

  /// Makes the task of a request.
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

TEST_CASE("a task that nobody has written is not there; a change makes it, publishing shows it") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    ledger_bench b(loop, world);
    auto request = test::scan_of("203.0.113.1", "80");
    auto before = co_await b.ledger.load(request.key);
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

TEST_CASE("revisions go on from owner to owner") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    auto request = test::scan_of("203.0.113.1", "80");
    auto former = test::task_of(request);
    former.version = {3, 7};
    co_await world.put(former);
    co_await world.shown(request.key);
    ledger_bench b(loop, world);
    auto loaded = co_await b.ledger.load(request.key);
    CHECK(loaded == former);
    b.raise_priority(request.key, 1);
    CHECK(b.ledger.held(request.key).version == model::task_version{10, 8});
    b.ledger.release(request.key);
  }());
}

TEST_CASE("two changes that cross each other both stand in the later snapshot") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    ledger_bench b(loop, world);
    auto request = test::scan_of("203.0.113.1", "80");
    co_await b.ledger.load(request.key);
    b.fold(request);
    auto raise = [&](int by) -> awaitable<void> {
      co_await b.ledger.load(request.key);
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

TEST_CASE("two that load a task at once hold the same one") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    auto request = test::scan_of("203.0.113.1", "80");
    co_await world.put(test::task_of(request));
    co_await world.shown(request.key);
    ledger_bench b(loop, world);
    auto raise = [&]() -> awaitable<void> {
      co_await b.ledger.load(request.key);
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

TEST_CASE("nothing is published of a partition that is not owned") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    ledger_bench b(loop, world);
    auto request = test::scan_of("203.0.113.1", "80");
    co_await b.ledger.load(request.key);
    b.fold(request);
    keys all{request.key};
    b.ledger.disown(0);
    CHECK(!b.ledger.owns(0));
    bool published = co_await b.ledger.publish(all);
    CHECK(!published);
    CHECK(world.queue().accepted.empty());
    b.ledger.own(0, 11);
    CHECK(b.ledger.owned() == std::vector<std::int32_t>{0});
    published = co_await b.ledger.publish(all);
    CHECK(published);
    b.ledger.release(request.key);
  }());
}

TEST_CASE("while the queue refuses, publishing goes on trying; an owner change ends that") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    ledger_bench b(loop, world);
    auto request = test::scan_of("203.0.113.1", "80");
    co_await b.ledger.load(request.key);
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

TEST_CASE("a task that can never be recorded is ended, and its neighbours are published whole") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    ledger_bench b(loop, world);
    auto large = test::scan_of("203.0.113.1", "80");
    auto small = test::scan_of("203.0.113.2", "80");
    keys all{large.key, small.key};
    for (const auto& request : {large, small}) {
      co_await b.ledger.load(request.key);
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

TEST_CASE("a task of which nothing can be recorded holds up nobody") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    ledger_bench b(loop, world);
    auto request = test::scan_of("203.0.113.1", "80");
    co_await b.ledger.load(request.key);
    b.fold(request);
    world.queue().refusal = queue::errc::too_large;
    world.queue().refuses = [](const std::vector<record>&) { return true; };
    keys all{request.key};
    bool published = co_await b.ledger.publish(all);
    CHECK(published);
    b.ledger.release(request.key);
  }());
}

TEST_CASE("what is published is what the task is by then") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    ledger_bench b(loop, world);
    auto request = test::scan_of("203.0.113.1", "80");
    co_await b.ledger.load(request.key);
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

TEST_CASE("what was not published when the partition was lost has not happened") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    ledger_bench b(loop, world);
    auto request = test::scan_of("203.0.113.1", "80");
    co_await b.ledger.load(request.key);
    b.fold(request);
    keys all{request.key};
    co_await b.ledger.publish(all);
    auto published = co_await world.shown(request.key);
    b.raise_priority(request.key, 7);
    b.ledger.release(request.key);
    b.ledger.disown(0);
    b.ledger.own(0, 11);
    auto loaded = co_await b.ledger.load(request.key);
    CHECK(loaded == published);
    b.ledger.release(request.key);
  }());
}

TEST_CASE("a task that is being published stays in memory, whoever has let go of it") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    ledger_bench b(loop, world);
    auto request = test::scan_of("203.0.113.1", "80");
    co_await b.ledger.load(request.key);
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
    while (refused == 0)
      co_await test::pause(milliseconds(1));
    b.ledger.release(request.key);
    while (!b.ledger.unseen().empty())
      co_await test::pause(milliseconds(1));
    auto has_changed = [](const scan_task& task) { return task.priority == 3; };
    co_await world.once(request.key, has_changed);
    b.ledger.stop();
    co_await group.join();
  }());
}

TEST_CASE("a task is held until the view shows it, and then forgotten") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    ledger_bench b(loop, world);
    auto request = test::scan_of("203.0.113.1", "80");
    co_await b.ledger.load(request.key);
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
    for (int i = 0; i < 2'000 && b.ledger.knows_as_ended(request.key); ++i)
      co_await test::pause(milliseconds(1));
    CHECK(!b.ledger.knows_as_ended(request.key));
    CHECK(b.ledger.unseen().empty());
    b.ledger.stop();
    co_await group.join();
  }());
}

}  // namespace sonde::scanner
