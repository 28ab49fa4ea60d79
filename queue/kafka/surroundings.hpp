#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "queue/io.hpp"
#include "queue/kafka/broker_health.hpp"
#include "queue/kafka/client.hpp"
#include "queue/kafka/kafka_settings.hpp"
#include "queue/kafka/topic_names.hpp"
#include "queue/limits.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace sonde::queue::kafka {

/// The parts of the queue that its readers, its members and its producer use; outlives them.
struct surroundings {
  executor loop;           ///< serves the clients
  executor blocking_loop;  ///< runs blocking calls to the brokers
  /// Takes a connection whose destruction may block.
  std::function<void(std::unique_ptr<connection>)> close_async;
  std::function<void(const std::vector<position>&)> committed;  ///< called on the loop
  std::function<void(error)> put_out;  ///< why a member is out of its group; empty: in again
  std::shared_ptr<const topic_names> names;
  kafka_settings settings;
  const limits& bounds;
  const clock& time;
  broker_health& health;
  logger& log;
};

}  // namespace sonde::queue::kafka
