#pragma once

#include "base/limits.hpp"
#include "base/result.hpp"
#include "queue/kafka/client.hpp"
#include "queue/kafka/kafka_topics.hpp"
#include "queue/kafka/topic_names.hpp"

#include <map>
#include <string>
#include <vector>

/// Topics as they are on the brokers, and as they should be. Everything here blocks.
namespace sonde::queue::kafka {

/// What the brokers say of a topic.
struct topic_state {
  bool exists = false;
  std::int32_t partitions = 0;
  std::int32_t replicas = 0;                    ///< of the partition that has the fewest
  std::map<std::string, std::string> settings;  ///< Kafka's names
};

struct cluster_state {
  std::int32_t brokers = 0;
  std::string id;
  std::map<std::string, topic_state> topics;  ///< by short name
};

/// Asks for all of these topics.
[[nodiscard]] result<cluster_state> look_at_topics(connection& ask, const topic_names& names,
                                                   const limits& limits);

/// What Kafka is to be told when the topic is made.
[[nodiscard]] std::map<std::string, std::string> wanted_settings(const topic_spec& spec,
                                                                 const limits& limits);

[[nodiscard]] kafka_topic_report judge(const topic_spec& spec, const topic_state& found,
                                       const topic_names& names, const limits& limits);

/// All that is wrong, as one error; nothing where all is well.
[[nodiscard]] result<> refuse_what_is_wrong(const std::vector<kafka_topic_report>& reports);

/// Why nobody answers, as the client has last heard.
[[nodiscard]] std::string last_reason(connection& ask);

}  // namespace sonde::queue::kafka
