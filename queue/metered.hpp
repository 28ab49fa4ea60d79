#pragma once

#include "base/metrics.hpp"
#include "queue/io.hpp"

#include <memory>

namespace sonde::queue {

/// Returns a backend that forwards every call to `queue` and counts records produced and consumed,
/// failed produces, dead letters and rebalances.
[[nodiscard]] std::unique_ptr<backend> make_metered(std::unique_ptr<backend> queue,
                                                    metrics& counts);

/// Publishes how far each group is behind the end of its topic, as
/// `kafka_consumergroup_lag{consumergroup,topic,partition}`. Existing Kafka dashboards therefore
/// work with every backend. Returns the error of the queue if a query fails.
awaitable<result<>> show_lag(backend& queue, std::string group, std::string topic, metrics& counts);

/// Updates `sonde_queue_topic_bytes{topic}` for the topics whose size the backend reports.
void show_sizes(const backend& queue, metrics& counts);

}  // namespace sonde::queue
