#include "scanner/engine/engine_pool.hpp"

#include "base/async/run_on.hpp"
#include "tests/engine/scan_fixture.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/until.hpp"

#include <set>

namespace sonde::scanner {
namespace {

/// A running pool that performs one scan after another.
struct pool_bench {
  explicit pool_bench(std::size_t threads)
      : bounds(test::short_limits()),
        pool(threads, test::test_settings(), test::test_rules(), {bounds, time, log}) {
    bounds.greeting_timeout_ms = 30'000;
    bounds.conversation_timeout_ms = 30'000;
  }

  awaitable<address_report> scan(std::string address, std::uint16_t port) {
    auto job = std::make_shared<address_job>();
    job->task = model::task_id("task-of-" + address);
    job->address = model::ip_address::parse(address).value();
    job->host = model::target::of(job->address);
    job->ports = model::port_set::parse(std::to_string(port)).value();
    job->deadline = time.steady_now() + std::chrono::seconds(50);
    auto& engine = pool.for_address(job->address);
    auto there = [&engine, job] { return engine.scan(std::move(*job)); };
    co_return co_await run_coroutine_on(engine.loop(), std::move(there));
  }

  asio::io_context loop{1};  ///< the loop of the test; outlives the pool's threads
  test::limits bounds;
  system_clock time;
  logger log{log_level::error};
  engine_pool pool;
};

/// Scans a mute server, calls `meanwhile` during the conversation with it, and returns the report.
address_report interrupted(pool_bench& b, const std::function<void()>& meanwhile) {
  std::optional<address_report> out;
  auto body = [&]() -> awaitable<void> {
    auto loop = co_await asio::this_coro::executor;
    test::loopback_server mute(loop, "127.77.6.1", test::is_mute());
    task_group scans(loop, b.log, "scans");
    auto scan = [&]() -> awaitable<void> {
      auto report = co_await b.scan("127.77.6.1", mute.port());
      out.emplace(std::move(report));
    };
    scans.spawn(scan());
    co_await test::until([&] { return mute.accepted() > 0; });
    meanwhile();
    co_await scans.join();
    co_await mute.stop();
  };
  test::run_on(b.loop, body());
  return std::move(*out);
}

}  // namespace

TEST_CASE("a network belongs to one engine, and networks are spread over all engines") {
  pool_bench b(3);
  std::set<const engine*> used;
  for (int i = 0; i < 50; ++i) {
    auto network = "10.1." + std::to_string(i) + ".";
    auto& first = b.pool.for_address(model::ip_address::parse(network + "1").value());
    CHECK(&first == &b.pool.for_address(model::ip_address::parse(network + "254").value()));
    used.insert(&first);
  }
  CHECK(used.size() == 3);
  CHECK(&b.pool.for_name("host.example") == &b.pool.for_name("host.example"));
}

TEST_CASE("any thread can cancel a task, and another task continues") {
  pool_bench b(2);
  b.pool.start();
  auto report = interrupted(b, [&] {
    b.pool.cancel(model::task_id("task-of-somebody"));
    b.pool.cancel(model::task_id("task-of-127.77.6.1"));
  });
  CHECK(!report.observed.how);
}

TEST_CASE("a new policy reaches every engine") {
  pool_bench b(2);
  b.pool.start();
  auto report = interrupted(b, [&] { b.pool.set_policy(test::test_rules({"127.77.6.0/24"})); });
  CHECK(test::outcome_of(report) == "excluded");
}

TEST_CASE("stopping a pool ends all of its scans, and a second stop does nothing") {
  pool_bench b(2);
  b.pool.start();
  auto begun = b.time.steady_now();
  auto report = interrupted(b, [&] { b.pool.stop(); });
  CHECK(!report.observed.how);
  b.pool.stop();
  CHECK(b.time.steady_now() - begun < std::chrono::seconds(5));
  pool_bench never_started(1);
}

}  // namespace sonde::scanner
