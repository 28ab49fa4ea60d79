#include "base/async/condition.hpp"
#include "base/async/task_group.hpp"
#include "model/scan/task_fold.hpp"
#include "scanner/scheduler/task_ledger.hpp"
#include "tests/scanner/scheduler_fixture.hpp"
#include "tests/support/doctest.hpp"

/// The order in which a ledger learns of its records: acknowledgements that overtake each other,
/// and tasks that were read before the partition was owned.
namespace sonde::scanner::ledger_order_tests {
namespace {

using model::scan_task;
using model::target_key;
using test::task_world;

/// Holds back the acknowledgement of the first batch until `open`.
class late_acknowledgement {
 public:
  late_acknowledgement(executor loop, task_world& world) : news_(std::move(loop)) {
    world.queue().before_acknowledgement = [this](const std::vector<record>&) { return pass(); };
  }
  awaitable<void> stored() {
    while (batches_ == 0)
      co_await news_.wait();
  }
  void open() {
    open_ = true;
    news_.notify_all();
  }

 private:
  awaitable<void> pass() {
    bool first = ++batches_ == 1;
    news_.notify_all();
    while (first && !open_)
      co_await news_.wait();
  }

  condition news_;
  int batches_ = 0;
  bool open_ = false;
};

awaitable<void> publish_new(task_ledger& ledger, model::scan_request request) {
  co_await ledger.load(request.key, 0);
  ledger.change(request.key, 0, [&request](std::optional<scan_task> before) {
    return model::fold(std::move(before), request, 0, 16);
  });
  std::vector<target_key> one{request.key};
  co_await ledger.publish(std::move(one));
  ledger.release(request.key);
}

}  // namespace

TEST_CASE("an acknowledgement that comes late does not move positions back") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    task_ledger ledger(world.context(loop));
    ledger.own(0, 10);
    late_acknowledgement late(loop, world);
    task_group group(loop, world.log(), "publishers");
    auto one = test::scan_of("203.0.113.1", "80");
    auto other = test::scan_of("203.0.113.2", "80");
    group.spawn(publish_new(ledger, one));
    co_await late.stored();
    co_await publish_new(ledger, other);
    CHECK(ledger.last_published(0).offset == 1);
    late.open();
    co_await group.join();
    CHECK(ledger.last_published(0).offset == 1);
    auto unseen = ledger.unseen();
    REQUIRE(unseen.size() == 1);
    CHECK(unseen[0].offset == 1);
    world.queue().before_acknowledgement = nullptr;
  }());
}

TEST_CASE("a task that was read before its partition was owned is read again") {
  task_world world;
  world.run([&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    auto request = test::scan_of("203.0.113.1", "80");
    auto former = co_await test::left_by_former_owner(world, request);
    task_ledger ledger(world.context(loop));
    auto loaded = co_await ledger.load(request.key, 0);
    CHECK(loaded == former);
    auto later = former;
    later.priority = 5;
    later.version = {12, 8};
    co_await world.put(later);
    co_await world.shown(request.key);
    ledger.own(0, 20);
    loaded = co_await ledger.load(request.key, 0);
    CHECK(loaded == later);
    ledger.release(request.key);
    ledger.release(request.key);
  }());
}

}  // namespace sonde::scanner::ledger_order_tests
