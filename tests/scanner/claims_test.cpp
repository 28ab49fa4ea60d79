#include "scanner/scheduler/claims.hpp"

#include "base/async/task_group.hpp"
#include "model/events.hpp"
#include "tests/scanner/loopback_server.hpp"
#include "tests/scanner/scheduler_fixture.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::scanner {
namespace {

using std::chrono::milliseconds;
using test::task_world;

/// One process's claims, and what it was told.
class claimant {
 public:
  claimant(executor loop, task_world& world, std::string name)
      : claims_(loop, world.queue(), world.view(), world.time(), world.log(), std::move(name),
                {[this](std::int32_t partition) { return take_lost(partition); },
                 [this](std::int32_t, model::target_key key) { return take_overwritten(key); },
                 [this](std::size_t owners) { counted.push_back(owners); }}),
        group_(loop, world.log(), "claims") {
    group_.spawn(claims_.watch());
  }

  awaitable<void> stop() {
    claims_.stop();
    co_await group_.join();
  }
  claims& of() { return claims_; }
  task_group& group() { return group_; }

  std::vector<std::int32_t> lost;
  std::vector<std::string> overwritten;
  std::vector<std::size_t> counted;

 private:
  awaitable<void> take_lost(std::int32_t partition) {
    lost.push_back(partition);
    co_return;
  }
  awaitable<void> take_overwritten(model::target_key key) {
    overwritten.push_back(key.str());
    co_return;
  }

  claims claims_;
  task_group group_;
};

/// Until this is so; a test that waits in vain fails by its own check.
awaitable<void> until(std::function<bool()> is_so) {
  for (int i = 0; i < 2'000 && !is_so(); ++i)
    co_await test::pause(milliseconds(1));
}

model::scan_task snapshot_by(std::uint64_t epoch, const char* target = "203.0.113.1") {
  auto out = test::task_of(test::scan_of(target, "80"));
  out.version = {epoch, 5};
  return out;
}

}  // namespace

TEST_CASE("a claim's place is the epoch, and a later claim ends the ownership") {
  task_world world(2);
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    claimant one(loop, world, "one");
    auto first = co_await one.of().claim(1);
    REQUIRE(first.has_value());
    CHECK(*first == 1);
    claimant other(loop, world, "other");
    auto second = co_await other.of().claim(1);
    REQUIRE(second.has_value());
    CHECK(*second == 2);
    co_await until([&] { return !one.lost.empty(); });
    CHECK(one.lost == std::vector<std::int32_t>{1});
    CHECK(other.lost.empty());
    auto of_another_partition = co_await one.of().claim(0);
    CHECK(of_another_partition == 1U);
    CHECK(other.lost.empty());
    co_await one.stop();
    co_await other.stop();
  }());
}

TEST_CASE("of two that claim at once one is the owner") {
  for (int round = 0; round < 10; ++round) {
    task_world world;
    world.run([&]() -> awaitable<void> {
      auto loop = co_await asio::this_coro::executor;
      claimant one(loop, world, "one");
      claimant other(loop, world, "other");
      std::vector<std::optional<std::uint64_t>> epochs(2);
      auto claim = [&](claimant& who, std::size_t index) -> awaitable<void> {
        auto got = co_await who.of().claim(0);
        epochs[index] = got;
      };
      task_group both(loop, world.log(), "both");
      both.spawn(claim(one, 0));
      both.spawn(claim(other, 1));
      co_await both.join();
      auto owners = [&] {
        return (epochs[0] && one.lost.empty() ? 1 : 0) + (epochs[1] && other.lost.empty() ? 1 : 0);
      };
      co_await until([&] { return owners() == 1; });
      CHECK(owners() == 1);
      co_await one.stop();
      co_await other.stop();
    }());
  }
}

TEST_CASE("who owns anything is counted") {
  task_world world(3);
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    claimant one(loop, world, "one");
    co_await one.of().claim(0);
    co_await world.put_claim("two", 1);
    co_await world.put_claim("three", 2);
    co_await until([&] { return one.counted.size() == 2; });
    CHECK(one.counted == std::vector<std::size_t>{2, 3});
    co_await world.put_claim("two", 2);
    co_await until([&] { return one.counted.size() == 3; });
    CHECK(one.counted.back() == 2);
    co_await one.stop();
  }());
}

TEST_CASE("an owner that claims again goes on") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    claimant one(loop, world, "one");
    auto first = co_await one.of().claim(0);
    one.of().give_up(0);
    auto second = co_await one.of().claim(0);
    CHECK(first == 1U);
    CHECK(second == 2U);
    CHECK(one.lost.empty());
    co_await one.stop();
  }());
}

TEST_CASE("what a former owner writes after the claim is told, and nothing else") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    co_await world.put_claim("ghost");
    co_await world.put(snapshot_by(1, "203.0.113.9"));  // before the claim
    claimant one(loop, world, "one");
    auto epoch = co_await one.of().claim(0);
    REQUIRE(epoch == 3U);
    co_await world.put(snapshot_by(3, "203.0.113.2"));  // its own
    auto ghostly = snapshot_by(1);
    co_await world.put(ghostly);
    co_await until([&] { return !one.overwritten.empty(); });
    CHECK(one.overwritten == std::vector<std::string>{ghostly.key.str()});
    one.of().give_up(0);
    co_await world.put(snapshot_by(1, "203.0.113.3"));
    co_await world.put_claim("another");
    co_await test::pause(milliseconds(20));
    CHECK(one.overwritten.size() == 1);
    CHECK(one.lost.empty());
    co_await one.stop();
  }());
}

TEST_CASE("behind a claim the view shows all that former owners have written") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    claimant one(loop, world, "one");
    std::vector<model::scan_task> written;
    for (int i = 0; i < 200; ++i) {
      written.push_back(snapshot_by(0, ("10.1.2." + std::to_string(i)).c_str()));
      co_await world.put(written.back());
    }
    auto epoch = co_await one.of().claim(0);
    CHECK(epoch.has_value());
    auto last = co_await world.view().snapshot(written.back().key);
    CHECK(last == written.back());
    co_await one.stop();
  }());
}

TEST_CASE("a claim that the queue refuses is tried again") {
  task_world world;
  int refused = 0;
  world.queue().refuses = [&](const std::vector<record>&) { return ++refused <= 2; };
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    claimant one(loop, world, "one");
    auto epoch = co_await one.of().claim(0);
    CHECK(epoch == 1U);
    CHECK(refused == 3);
    co_await one.stop();
  }());
}

TEST_CASE("stopping ends a claim under way") {
  task_world world;
  world.queue().refuses = [](const std::vector<record>&) { return true; };
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    claimant one(loop, world, "one");
    std::optional<std::uint64_t> epoch = 7;
    auto claim = [&]() -> awaitable<void> {
      auto got = co_await one.of().claim(0);
      epoch = got;
    };
    one.group().spawn(claim());
    co_await test::pause(milliseconds(20));
    co_await one.stop();
    CHECK(!epoch.has_value());
  }());
}

}  // namespace sonde::scanner
