#pragma once

#include "base/log.hpp"
#include "queue/io.hpp"
#include "queue/kafka/kafka_settings.hpp"
#include "queue/limits.hpp"

#include <string>
#include <vector>

namespace sonde::queue {

/// The result of creating or checking one topic.
struct kafka_topic_report {
  std::string name;       ///< short
  std::string full_name;  ///< as Kafka shows it
  bool exists = false;
  bool created = false;  ///< by this call
  /// Differences between the actual and the required topic. Each one prevents the queue from
  /// opening.
  std::vector<std::string> problems;
  /// Recommended changes; ignoring them loses no data.
  std::vector<std::string> advice;
};

/// The number of brokers that hold each record. Zero: three, or the number of brokers if lower.
struct kafka_replication {
  std::int32_t replicas = 0;
  /// Replicas that must have a record before it is acknowledged; zero: one fewer than `replicas`.
  std::int32_t in_sync = 0;
};

/// Creates the missing topics, and checks all of them. Does not change existing topics; the
/// operator decides about them. Safe to repeat. Blocks.
[[nodiscard]] result<std::vector<kafka_topic_report>> create_kafka_topics(
    const kafka_settings& settings, const std::vector<topic_spec>& topics,
    kafka_replication replication, const limits& limits, logger& log);

}  // namespace sonde::queue
