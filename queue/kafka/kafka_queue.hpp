#pragma once

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "queue/io.hpp"
#include "queue/kafka/kafka_settings.hpp"

namespace sonde::queue {

enum class kafka_use { read_and_write, read_only };

/// The queue of many machines: topics of an Apache Kafka cluster, by librdkafka.
///
/// Blocks until the brokers have answered, and opens only if every topic is there as `topics` says
/// it should be (`errc::unknown_topic`, `errc::mismatch`; the error names them all). A broker that
/// cannot be reached is `errc::unavailable`, with librdkafka's reason.
///
/// An open queue outlives its brokers' absence: what cannot be made durable in time is
/// `errc::unavailable`, and works again when they are back.
[[nodiscard]] result<std::unique_ptr<backend>> open_kafka_queue(kafka_settings settings,
                                                                std::vector<topic_spec> topics,
                                                                kafka_use use, const clock& clock,
                                                                const limits& limits, logger& log);

}  // namespace sonde::queue
