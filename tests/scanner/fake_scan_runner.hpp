#pragma once

#include "base/async/condition.hpp"
#include "scanner/engine/scan_runner.hpp"

#include <set>
#include <string>
#include <vector>

namespace sonde::test {

/// A runner without a network: every address has no open port. A scan takes at least one turn of
/// the loop. Lives on one loop.
class fake_scan_runner final : public scanner::scan_runner {
 public:
  explicit fake_scan_runner(executor loop) : loop_(loop), changed_(std::move(loop)) {}

  /// Holds all scans until `let_finish`. A cancellation ends a held scan.
  void hold() { held_ = true; }
  void let_finish();
  /// Lets one of the held scans finish.
  void let_one_finish();
  [[nodiscard]] std::size_t running() const { return running_; }
  /// The largest number of scans that ran at the same time.
  [[nodiscard]] std::size_t most_running() const { return most_running_; }
  [[nodiscard]] std::size_t begun() const { return begun_; }

  awaitable<result<std::vector<model::ip_address>>> resolve(std::string name) override;
  awaitable<scanner::address_report> scan(scanner::address_job job) override;
  void cancel(const model::task_id& task) override;
  [[nodiscard]] executor helper_for(const model::target_key&) override { return loop_; }
  void share_rates(std::size_t) override {}

 private:
  executor loop_;
  condition changed_;
  std::multiset<std::string> ids_;   ///< of the running scans
  std::set<std::string> cancelled_;  ///< of the running scans
  std::size_t running_ = 0;
  std::size_t most_running_ = 0;
  std::size_t permits_ = 0;  ///< of `let_one_finish`, not used yet
  std::size_t begun_ = 0;
  bool held_ = false;
};

}  // namespace sonde::test
