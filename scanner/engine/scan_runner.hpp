#pragma once

#include "base/async/asio.hpp"
#include "base/result.hpp"
#include "scanner/engine/address_scan.hpp"

#include <string>
#include <vector>

namespace sonde::scanner {

/// Scans addresses for the scheduler. `engine_pool` is the implementation that probes; tests have
/// others. Outlives its callers.
///
/// Call on any loop. The coroutines resume on the caller's loop and do not receive its
/// cancellation: `cancel` and the deadline of a job end them.
class scan_runner {
 public:
  virtual ~scan_runner() = default;

  /// Returns the addresses of a name. Fails with `errc::cancelled` when the runner stops.
  virtual awaitable<result<std::vector<model::ip_address>>> resolve(std::string name) = 0;
  /// Scans one address. Ends by the deadline of the job; earlier when it is cancelled.
  virtual awaitable<address_report> scan(address_job job) = 0;
  /// Ends a task's scans.
  virtual void cancel(const model::task_id& task) = 0;
  /// Returns a loop for work on this task that takes CPU time.
  [[nodiscard]] virtual executor helper_for(const model::target_key& key) = 0;
  /// Sets the number of processes that share the rates, including this one.
  virtual void share_rates(std::size_t processes) = 0;
};

}  // namespace sonde::scanner
