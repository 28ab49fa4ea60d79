#include "scanner/scheduler/request_intake.hpp"

#include "base/async/condition.hpp"
#include "base/async/task_group.hpp"
#include "model/events.hpp"
#include "queue/partitioner.hpp"
#include "tests/scanner/scheduler_fixture.hpp"
#include "tests/support/doctest.hpp"

#include <functional>
#include <map>
#include <set>

namespace sonde::scanner::intake_tests {
namespace {

using model::target_key;
using test::task_world;

/// The intake of one process with its leases and its ledger. A conflict lasts until the partitions
/// are assigned again.
class intake_bench {
 public:
  intake_bench(executor loop, task_world& world)
      : world_(world),
        news_(loop),
        ledger_(world.context(loop)),
        leases_(world.context(loop), {"one", std::chrono::hours(1)}, listener()),
        intake_(world.context(loop), ledger_, leases_,
                [this](const model::scan_task& task, std::int32_t) { note(task.key); }),
        group_(loop, world.log(), "intake") {
    intake_.join_group();
    group_.spawn(leases_.watch());
    group_.spawn(consume());
  }

  /// Waits until `is_so` returns true, for a limited time.
  awaitable<bool> until(std::function<bool()> is_so) {
    auto deadline = world_.in(10'000);
    bool in_time = true;
    while (in_time && !is_so())
      in_time = co_await news_.wait_until(deadline);
    co_return is_so();
  }
  awaitable<void> assign_again() {
    std::vector<std::int32_t> both{0, 1};
    co_await leases_.assigned(std::move(both));
  }
  awaitable<void> stop() {
    intake_.stop();
    leases_.stop();
    co_await group_.join();
    co_await leases_.join();
  }
  /// Holds back the acknowledgement of the first snapshot of this task until `open`.
  void hold_back_snapshot(const target_key& key) {
    world_.queue().before_acknowledgement = [this, key](const std::vector<record>& batch) {
      return pass(batch.front().key == key.str() ? ++snapshots_ : 0);
    };
  }
  void open() {
    open_ = true;
    news_.notify_all();
  }

  [[nodiscard]] bool owns(std::int32_t partition) const { return ledger_.owns(partition); }
  [[nodiscard]] int holds(std::int32_t partition) { return holds_[partition]; }
  [[nodiscard]] int snapshots() const { return snapshots_; }
  [[nodiscard]] bool has_folded(const target_key& key) const { return folded_.contains(key); }

 private:
  lease_listener listener() {
    lease_listener out;
    out.held = [this](std::int32_t partition, std::uint64_t epoch) -> awaitable<void> {
      ledger_.own(partition, epoch);
      ++holds_[partition];
      news_.notify_all();
      co_await intake_.fold_held_back(partition);
    };
    out.released = [this](std::vector<std::int32_t> partitions) -> awaitable<void> {
      for (auto partition : partitions)
        ledger_.disown(partition);
      news_.notify_all();
      co_return;
    };
    out.overwritten = [](std::int32_t, target_key) -> awaitable<void> { co_return; };
    return out;
  }
  awaitable<void> consume() {
    request_intake::assigned_function assigned = [this](std::vector<std::int32_t> partitions) {
      return leases_.assigned(std::move(partitions));
    };
    request_intake::revoked_function revoked = [this](std::vector<std::int32_t> partitions,
                                                      revocation how) {
      return leases_.revoked(std::move(partitions), how);
    };
    co_await intake_.consume(std::move(assigned), std::move(revoked));
  }
  void note(const target_key& key) {
    folded_.insert(key);
    news_.notify_all();
  }
  awaitable<void> pass(int number) {
    news_.notify_all();
    while (number == 1 && !open_)
      co_await news_.wait();
  }

  task_world& world_;
  condition news_;
  std::map<std::int32_t, int> holds_;
  std::set<target_key> folded_;
  int snapshots_ = 0;
  bool open_ = false;
  task_ledger ledger_;
  partition_leases leases_;
  request_intake intake_;
  task_group group_;
};

/// The requests for targets whose records are in this partition of two.
model::scan_request request_in(std::int32_t partition, int number) {
  for (int host = 1;; ++host) {
    auto out = test::scan_of("203.0.113." + std::to_string(host), "80");
    if (queue::partition_of(out.key.str(), 2) == partition && number-- == 0) return out;
  }
}

}  // namespace

TEST_CASE("requests that were held back are not lost if the lease is lost while they are folded") {
  task_world world(2);
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    intake_bench b(loop, world);
    bool held = co_await b.until([&] { return b.owns(0) && b.owns(1); });
    REQUIRE(held);
    co_await world.put_lease("fenced", 0);
    bool lost = co_await b.until([&] { return !b.owns(0); });
    REQUIRE(lost);
    auto waiting = request_in(0, 0);
    co_await world.put(waiting);
    // Two deliveries of the other partition: this request has been delivered meanwhile.
    for (int i = 0; i < 2; ++i) {
      auto other = request_in(1, i);
      co_await world.put(other);
      bool folded = co_await b.until([&] { return b.has_folded(other.key); });
      REQUIRE(folded);
    }
    REQUIRE(!b.has_folded(waiting.key));
    b.hold_back_snapshot(waiting.key);
    co_await b.assign_again();
    bool folding = co_await b.until([&] { return b.snapshots() == 1; });
    REQUIRE(folding);
    // The lease changes twice during the write of the snapshot.
    co_await world.put_lease("fenced", 0);
    lost = co_await b.until([&] { return !b.owns(0); });
    REQUIRE(lost);
    auto holds = b.holds(0);
    co_await b.assign_again();
    held = co_await b.until([&] { return b.holds(0) > holds; });
    REQUIRE(held);
    b.open();
    bool folded = co_await b.until([&] { return b.has_folded(waiting.key); });
    CHECK(folded);
    world.queue().before_acknowledgement = nullptr;
    co_await b.stop();
  }());
}

}  // namespace sonde::scanner::intake_tests
