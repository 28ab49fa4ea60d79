#pragma once

#include "scanner/engine/engine_pool.hpp"
#include "scanner/scheduler/scheduler.hpp"
#include "tests/engine/loopback_server.hpp"
#include "tests/engine/scan_fixture.hpp"
#include "tests/scanner/scheduler_fixture.hpp"

namespace sonde::test {

/// A scheduler on the loop of the test, engines on separate loops, and servers to scan.
class scheduler_bench {
 public:
  scheduler_bench(executor loop, task_world& world, std::vector<std::string> resolvers,
                  std::chrono::milliseconds lease_patience = std::chrono::seconds(5));

  /// Starts a server that the bench stops.
  loopback_server& serve(behaviour how, const std::string& address = "127.77.0.1");
  /// Stops the scheduler and grants `ms` milliseconds to running tasks.
  awaitable<void> stop(int ms = 0);
  /// Sets the policy.
  void set_rules(const std::shared_ptr<const scanner::policy>& rules);
  /// Ends everything.
  awaitable<void> finish();

  [[nodiscard]] const executor& loop() const { return loop_; }

 private:
  executor loop_;
  task_world& world_;
  scanner::engine_pool engines_;
  scanner::scheduler scheduler_;
  std::vector<std::unique_ptr<loopback_server>> servers_;
  bool stopped_ = false;
};

/// Runs a test with a scheduler and stops it at the end, also after a failure. A second run on the
/// same world acts as the next process.
void with_scheduler(task_world& world, const std::function<awaitable<void>(scheduler_bench&)>& body,
                    std::vector<std::string> resolvers = {"127.0.0.1:1"});

}  // namespace sonde::test
