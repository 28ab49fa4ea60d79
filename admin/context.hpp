#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "queue/io.hpp"
#include "views/limits.hpp"

namespace sonde::admin {

/// The surroundings of an operation: the loop that it runs on, the queue that it changes, and
/// limits, clock and log. They outlive it.
struct context {
  executor loop;
  queue::backend& queue;
  const views::limits& bounds;
  const clock& time;
  logger& log;
};

}  // namespace sonde::admin
