#include "scanner/scheduler/partition_leases.hpp"

#include "base/async/task_group.hpp"
#include "model/events.hpp"
#include "tests/scanner/scheduler_fixture.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/until.hpp"

#include <map>
#include <set>

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;
using test::task_world;

/// The leases of one process, and a record of the calls to its listener.
class leaseholder {
 public:
  leaseholder(executor loop, task_world& world, std::string name,
              milliseconds patience = milliseconds(50))
      : leases_(world.context(loop), {std::move(name), patience}, listener()),
        group_(loop, world.log(), "leases") {
    group_.spawn(leases_.watch());
    group_.spawn(leases_.settle_conflicts());
  }

  /// Takes the lease of one partition. Returns its epoch, or nothing in a conflict.
  awaitable<std::optional<std::uint64_t>> lease(std::int32_t partition) {
    assigned_.insert(partition);
    std::vector<std::int32_t> all(assigned_.begin(), assigned_.end());
    co_await leases_.assigned(std::move(all));
    co_return held(partition);
  }
  awaitable<void> lose(std::int32_t partition) {
    assigned_.erase(partition);
    std::vector<std::int32_t> one{partition};
    co_await leases_.revoked(std::move(one), revocation::lost);
  }
  awaitable<void> stop() {
    leases_.stop();
    co_await group_.join();
    co_await leases_.join();
  }
  [[nodiscard]] std::optional<std::uint64_t> held(std::int32_t partition) const {
    auto its = epochs_.find(partition);
    return its == epochs_.end() ? std::nullopt : std::optional(its->second);
  }
  partition_leases& of() { return leases_; }
  task_group& group() { return group_; }

  std::vector<std::int32_t> released;
  std::vector<std::string> overwritten;
  std::vector<std::size_t> counted;

 private:
  lease_listener listener() {
    lease_listener out;
    out.held = [this](std::int32_t partition, std::uint64_t epoch) -> awaitable<void> {
      epochs_[partition] = epoch;
      co_return;
    };
    out.released = [this](std::vector<std::int32_t> partitions) -> awaitable<void> {
      for (auto partition : partitions) {
        if (epochs_.erase(partition) > 0) released.push_back(partition);
      }
      co_return;
    };
    out.overwritten = [this](std::int32_t, model::target_key key) -> awaitable<void> {
      overwritten.push_back(key.str());
      co_return;
    };
    out.counted = [this](std::size_t owners) { counted.push_back(owners); };
    return out;
  }

  std::set<std::int32_t> assigned_;
  std::map<std::int32_t, std::uint64_t> epochs_;
  partition_leases leases_;
  task_group group_;
};

model::scan_task snapshot_by(std::uint64_t epoch, const char* target = "203.0.113.1") {
  auto out = test::task_of(test::scan_of(target, "80"));
  out.version = {epoch, 5};
  return out;
}

}  // namespace

TEST_CASE("the offset of a lease is the epoch, and a later lease ends the ownership") {
  task_world world(2);
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    leaseholder one(loop, world, "one");
    auto first = co_await one.lease(1);
    REQUIRE(first.has_value());
    CHECK(*first == 1);
    auto later = co_await world.put_lease("other", 1);
    co_await test::until([&] { return !one.released.empty(); });
    CHECK(one.released == std::vector<std::int32_t>{1});
    CHECK(one.of().in_conflict(1));
    // The group has not taken the partition away, so the lease is taken again.
    co_await test::until([&] { return one.held(1).has_value(); });
    CHECK(one.held(1) > epoch_at(later.offset));
    CHECK(!one.of().in_conflict(1));
    co_await one.stop();
  }());
}

TEST_CASE("a partition that the group takes away is not leased again") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    leaseholder one(loop, world, "one");
    co_await one.lease(0);
    std::vector<std::int32_t> revoked{0};
    co_await one.of().revoked(revoked, revocation::announced);
    CHECK(one.held(0).has_value());
    leaseholder other(loop, world, "other");
    auto epoch = co_await other.lease(0);
    CHECK(epoch == 2U);
    co_await test::until([&] { return !one.released.empty(); });
    CHECK(!one.held(0).has_value());
    CHECK(!one.of().in_conflict(0));
    CHECK(other.held(0) == 2U);
    co_await one.stop();
    co_await other.stop();
  }());
}

TEST_CASE("of two processes that take a lease concurrently exactly one becomes the owner") {
  for (int round = 0; round < 10; ++round) {
    task_world world;
    world.run([&]() -> awaitable<void> {
      auto loop = co_await asio::this_coro::executor;
      auto patience = std::chrono::hours(1);
      leaseholder one(loop, world, "one", patience);
      leaseholder other(loop, world, "other", patience);
      auto lease = [&](leaseholder& which) -> awaitable<void> { co_await which.lease(0); };
      task_group both(loop, world.log(), "both");
      both.spawn(lease(one));
      both.spawn(lease(other));
      co_await both.join();
      auto owners = [&] { return (one.held(0) ? 1 : 0) + (other.held(0) ? 1 : 0); };
      co_await test::until([&] { return owners() == 1; });
      CHECK(owners() == 1);
      CHECK(one.of().in_conflict(0) != other.of().in_conflict(0));
      co_await one.stop();
      co_await other.stop();
    }());
  }
}

TEST_CASE("the processes that own a partition are counted") {
  task_world world(3);
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    leaseholder one(loop, world, "one");
    co_await one.lease(0);
    co_await world.put_lease("two", 1);
    co_await world.put_lease("three", 2);
    co_await test::until([&] { return one.counted.size() == 2; });
    CHECK(one.counted == std::vector<std::size_t>{2, 3});
    co_await world.put_lease("two", 2);
    co_await test::until([&] { return one.counted.size() == 3; });
    CHECK(one.counted.back() == 2);
    co_await one.stop();
  }());
}

TEST_CASE("an owner that takes its lease again stays the owner") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    leaseholder one(loop, world, "one");
    auto first = co_await one.lease(0);
    auto second = co_await one.lease(0);
    CHECK(first == 1U);
    CHECK(second == 2U);
    CHECK(one.released.empty());
    co_await one.stop();
  }());
}

TEST_CASE("only records that a fenced owner writes after the current lease are reported") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    co_await world.put_lease("former");
    co_await world.put(snapshot_by(1, "203.0.113.9"));  // before the lease
    leaseholder one(loop, world, "one");
    auto epoch = co_await one.lease(0);
    REQUIRE(epoch == 3U);
    co_await world.put(snapshot_by(3, "203.0.113.2"));  // by the current owner
    auto stale = snapshot_by(1);
    co_await world.put(stale);
    co_await test::until([&] { return !one.overwritten.empty(); });
    CHECK(one.overwritten == std::vector<std::string>{stale.key.str()});
    co_await one.lose(0);
    co_await world.put_lease("another");
    auto late = co_await world.put(snapshot_by(1, "203.0.113.3"));
    co_await one.of().wait_until_read(late);
    auto again = co_await one.lease(0);  // everything before the lease has been read
    CHECK(again == 8U);
    CHECK(one.overwritten.size() == 1);
    co_await one.stop();
  }());
}

TEST_CASE("a task that was overwritten before the lease is reported once the lease is held") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    co_await world.put_lease("former");
    co_await world.put_lease("dead");
    auto newest = snapshot_by(2);
    co_await world.put(newest);
    co_await world.put(snapshot_by(2, "203.0.113.2"));
    co_await world.put(snapshot_by(1));  // late; "dead" dies before it can write the task again
    leaseholder one(loop, world, "one");
    co_await one.lease(0);
    co_await test::until([&] { return !one.overwritten.empty(); });
    CHECK(one.overwritten == std::vector<std::string>{newest.key.str()});
    co_await one.stop();
  }());
}

TEST_CASE("a wait for a record that is not read ends with the leases") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    leaseholder one(loop, world, "one");
    co_await one.lease(0);
    queue::position first{model::topics::scan_tasks, 0, 0};
    bool read = co_await one.of().wait_until_read(first);
    CHECK(read);
    co_await one.stop();
    queue::position later{model::topics::scan_tasks, 0, 9};
    read = co_await one.of().wait_until_read(later);
    CHECK(!read);
  }());
}

TEST_CASE("after a lease the view shows every record of earlier owners") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    leaseholder one(loop, world, "one");
    std::vector<model::scan_task> written;
    for (int i = 0; i < 200; ++i) {
      written.push_back(snapshot_by(0, ("10.1.2." + std::to_string(i)).c_str()));
      co_await world.put(written.back());
    }
    auto epoch = co_await one.lease(0);
    CHECK(epoch.has_value());
    auto last = co_await world.view().snapshot(written.back().key);
    CHECK(last == written.back());
    co_await one.stop();
  }());
}

TEST_CASE("a lease record that the queue refuses is written again") {
  task_world world;
  int refused = 0;
  world.queue().refuses = [&](const std::vector<record>&) { return ++refused <= 2; };
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    leaseholder one(loop, world, "one");
    auto epoch = co_await one.lease(0);
    CHECK(epoch == 1U);
    CHECK(refused == 3);
    co_await one.stop();
  }());
}

TEST_CASE("a lease record that was refused is not written after a revocation") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    leaseholder one(loop, world, "one");
    int refused = 0;
    world.queue().refuses = [&](const std::vector<record>&) {
      one.of().leave();
      return ++refused == 1;
    };
    auto epoch = co_await one.lease(0);
    CHECK(!epoch.has_value());
    CHECK(refused == 1);
    CHECK(world.queue().accepted.empty());
    world.queue().refuses = nullptr;
    co_await one.stop();
  }());
}

TEST_CASE("stopping ends a lease request in progress") {
  task_world world;
  int refused = 0;
  world.queue().refuses = [&](const std::vector<record>&) { return ++refused > 0; };
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    leaseholder one(loop, world, "one");
    auto lease = [&]() -> awaitable<void> { co_await one.lease(0); };
    one.group().spawn(lease());
    co_await test::until([&] { return refused > 0; });
    co_await one.stop();
    CHECK(!one.held(0).has_value());
  }());
}

}  // namespace sonde::scanner
