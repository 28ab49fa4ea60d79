#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "queue/io.hpp"
#include "queue/limits.hpp"
#include "webhook/limits.hpp"

namespace sonde::webhook {

/// The surroundings of the dispatcher and its parts. They outlive it.
struct context {
  executor loop;
  queue::backend& queue;
  const limits& bounds;
  const queue::limits& queue_bounds;
  const clock& time;
  logger& log;
  metrics& counts;
};

}  // namespace sonde::webhook
