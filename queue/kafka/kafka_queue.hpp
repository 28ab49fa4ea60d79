#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "queue/io.hpp"
#include "queue/kafka/kafka_settings.hpp"
#include "queue/limits.hpp"

namespace sonde::queue {

enum class kafka_use { read_and_write, read_only };

/// Opens the queue of many machines: topics of an Apache Kafka cluster, accessed through
/// librdkafka.
///
/// Blocks until the brokers have responded. Opens only if every topic exists as `topics` specifies;
/// otherwise fails with `errc::unknown_topic` or `errc::mismatch`, and the error lists every fault.
/// Fails with `errc::unavailable` and librdkafka's reason if no broker can be reached.
///
/// An open queue survives an outage of its brokers: records that cannot be made durable in time
/// fail with `errc::unavailable`, and produce works again when the brokers are back.
[[nodiscard]] result<std::unique_ptr<backend>> open_kafka_queue(kafka_settings settings,
                                                                std::vector<topic_spec> topics,
                                                                kafka_use use, const clock& clock,
                                                                const limits& limits, logger& log);

}  // namespace sonde::queue
