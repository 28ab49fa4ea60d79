#pragma once

#include "base/async/asio.hpp"
#include "base/async/condition.hpp"
#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "ingest/http/health_handlers.hpp"
#include "queue/io.hpp"
#include "views/credential_view.hpp"
#include "views/entity_view.hpp"
#include "views/task_view.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace sonde::daemon {

/// Parts that must make progress for a process to be ready. A null pointer means that there is no
/// such part.
struct essential_parts {
  queue::backend* queue = nullptr;
  views::task_view* tasks = nullptr;
  views::entity_view* entities = nullptr;
  views::credential_view* credentials = nullptr;
  /// Threads by name. Each must start new work.
  std::vector<std::pair<std::string, executor>> threads = {};
  /// True if one process has the queue: requests that are not taken in are then its fault.
  bool alone = false;
  /// Longest time that a caller waits for all parts together.
  std::chrono::milliseconds longest_look{5'000};
};

/// Checks whether each part of the process makes progress. Checks on request and at most once a
/// second, so it costs nothing while there are no requests. Lives on the loop of HTTP.
class readiness {
 public:
  /// `parts`, the clock and the log outlive this object.
  readiness(executor loop, essential_parts parts, const clock& clock, logger& log);

  /// Returns the state of every part. One check runs at a time, and all callers wait for it, for at
  /// most `longest_look`.
  awaitable<std::vector<ingest::component>> ask();
  /// Cancels a running check and waits for its end. Called before the loop is joined.
  awaitable<void> stop();

 private:
  awaitable<void> look_once();
  awaitable<std::vector<ingest::component>> look();
  awaitable<ingest::component> intake();

  essential_parts parts_;
  const clock& clock_;
  task_group looks_;
  condition looked_;
  bool looking_ = false;
  std::vector<ingest::component> seen_;
  steady_time good_until_{};
  std::int64_t taken_in_ = -1;  ///< requests taken in when the lag began
  steady_time lag_since_{};
};

}  // namespace sonde::daemon
