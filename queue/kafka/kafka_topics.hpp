#pragma once

#include "base/log.hpp"
#include "queue/io.hpp"
#include "queue/kafka/kafka_settings.hpp"

#include <string>
#include <vector>

namespace sonde::queue {

/// What became of one topic.
struct kafka_topic_report {
  std::string name;       ///< short
  std::string full_name;  ///< as Kafka knows it
  bool exists = false;
  bool created = false;  ///< by this very call
  /// What is, and what should be: each of these keeps the queue from opening.
  std::vector<std::string> problems;
  /// What would be better, but loses nothing.
  std::vector<std::string> advice;
};

/// How many brokers are to hold each record. Zero: three, or as many as there are.
struct kafka_replication {
  std::int32_t replicas = 0;
  std::int32_t in_sync = 0;  ///< that must have it before it is acknowledged; zero: one fewer
};

/// Creates those of the topics that are missing, and looks at all of them. Changes none that
/// exists: that is the operator's to decide. Safe to repeat. Blocks.
[[nodiscard]] result<std::vector<kafka_topic_report>> create_kafka_topics(
    const kafka_settings& settings, const std::vector<topic_spec>& topics,
    kafka_replication replication, const limits& limits, logger& log);

}  // namespace sonde::queue
