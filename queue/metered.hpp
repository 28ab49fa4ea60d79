#pragma once

#include "base/metrics.hpp"
#include "queue/io.hpp"

#include <memory>

namespace sonde::queue {

/// A backend that counts what goes through it: records produced and consumed, what could not be
/// made durable, dead letters, rebalances. It is the queue that it was given in all else.
[[nodiscard]] std::unique_ptr<backend> make_metered(std::unique_ptr<backend> queue,
                                                    metrics& counts);

/// How far each group is behind the end of what it reads, as
/// `kafka_consumergroup_lag{consumergroup,topic,partition}`: whoever has a dashboard for Kafka has
/// one for this, whatever the backend. The error is that of the queue, which could not be asked.
awaitable<result<>> show_lag(backend& queue, std::string group, std::string topic, metrics& counts);

/// Updates `sonde_queue_topic_bytes{topic}` for the topics whose size the backend knows.
void show_sizes(const backend& queue, metrics& counts);

}  // namespace sonde::queue
