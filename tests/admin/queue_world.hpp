#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "queue/limits.hpp"
#include "queue/memory/memory_queue.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace sonde::test {

/// A queue in memory with the topics of a test.
struct queue_world {
  explicit queue_world(std::vector<queue::topic_spec> topics)
      : queue(queue::make_memory_queue(std::move(topics), "test", clock, bounds, log).value()) {}
  ~queue_world() { queue->close(); }

  queue::limits bounds;
  system_clock clock;
  logger log{log_level::error};
  std::unique_ptr<queue::backend> queue;
};

}  // namespace sonde::test
