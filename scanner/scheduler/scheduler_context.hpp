#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "queue/io.hpp"
#include "scanner/scheduler/scheduler_limits.hpp"
#include "views/limits.hpp"
#include "views/task_view.hpp"

#include <functional>

namespace sonde::scanner {

/// The parts of the process that all parts of a scheduler use. They outlive the scheduler. A copy
/// refers to the same parts.
struct scheduler_context {
  executor loop;  ///< the loop of the scheduler
  queue::backend& queue;
  views::task_view& view;
  const scheduler_limits& bounds;
  const views::limits& view_bounds;  ///< and those of the queue
  const clock& time;
  logger& log;
  metrics& counts;
  /// Called on the loop after a permanent error, for example in reading a topic, or an exception.
  /// The process should end.
  std::function<void(error)> failed = nullptr;
};

}  // namespace sonde::scanner
