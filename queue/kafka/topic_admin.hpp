#pragma once

#include "base/result.hpp"
#include "queue/kafka/client.hpp"
#include "queue/kafka/kafka_topics.hpp"
#include "queue/kafka/topic_names.hpp"
#include "queue/limits.hpp"

#include <map>
#include <string>
#include <vector>

/// Topics as they are on the brokers, and as they should be. Every function here blocks.
namespace sonde::queue::kafka {

/// The state of a topic as the brokers report it.
struct topic_state {
  bool exists = false;
  std::int32_t partitions = 0;
  std::int32_t replicas = 0;                    ///< of the partition with the fewest
  std::map<std::string, std::string> settings;  ///< by Kafka's names
};

struct cluster_state {
  std::int32_t brokers = 0;
  std::string id;
  std::map<std::string, topic_state> topics;  ///< by short name
};

/// Queries the brokers for the state of all topics in `names`.
[[nodiscard]] result<cluster_state> look_at_topics(connection& ask, const topic_names& names,
                                                   const limits& limits);

/// Returns Kafka's settings for a topic when it is created.
[[nodiscard]] std::map<std::string, std::string> wanted_settings(const topic_spec& spec,
                                                                 const limits& limits);

[[nodiscard]] kafka_topic_report check_topic(const topic_spec& spec, const topic_state& found,
                                             const topic_names& names, const limits& limits);

/// Returns all problems as one error, or success if there are none.
[[nodiscard]] result<> refuse_what_is_wrong(const std::vector<kafka_topic_report>& reports);

/// Returns the last reason that the client knows for missing responses.
[[nodiscard]] std::string last_reason(connection& ask);

}  // namespace sonde::queue::kafka
