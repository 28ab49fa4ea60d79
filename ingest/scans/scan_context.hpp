#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "ingest/http/body_workers.hpp"
#include "ingest/http/http_limits.hpp"
#include "ingest/scans/order_limits.hpp"
#include "queue/io.hpp"
#include "views/entity_view.hpp"
#include "views/limits.hpp"
#include "views/task_view.hpp"

#include <chrono>

namespace sonde::ingest {

/// Parts of the process that the classes of scans share. All of them outlive these classes, which
/// live on the loop of `workers`.
struct scan_context {
  body_workers& workers;
  queue::backend& queue;
  views::task_view& tasks;
  views::entity_view& entities;
  const order_limits& bounds;
  const http_limits& http_bounds;
  const views::limits& view_bounds;  ///< and those of the queue
  const clock& time;
  logger& log;

  /// Returns the end of the time for the response to a request that begins now.
  [[nodiscard]] steady_time deadline() const {
    return time.steady_now() + std::chrono::milliseconds(http_bounds.http_answer_timeout_ms);
  }
};

}  // namespace sonde::ingest
