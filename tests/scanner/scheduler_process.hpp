#pragma once

#include "scanner/scheduler/scheduler.hpp"
#include "tests/scanner/fake_scan_runner.hpp"
#include "tests/scanner/scheduler_fixture.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace sonde::test {

/// One process: a scheduler whose scan runner has no network. Lives on the loop of the test.
class scheduler_process {
 public:
  scheduler_process(executor loop, task_world& world, const std::string& name,
                    std::chrono::milliseconds lease_patience = std::chrono::milliseconds(50));

  /// Stops the scheduler and puts running tasks back.
  awaitable<void> stop();
  [[nodiscard]] fake_scan_runner& runner() { return runner_; }

 private:
  task_world& world_;
  fake_scan_runner runner_;
  scanner::scheduler scheduler_;
};

/// Runs a test with one such process and stops it at the end, also after a failure. The process
/// does not take a lease back from another owner.
void with_process(task_world& world,
                  const std::function<awaitable<void>(scheduler_process&)>& body);

}  // namespace sonde::test
