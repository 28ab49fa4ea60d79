#pragma once

#include "base/limits.hpp"
#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace sonde::queue {

/// How to reach the brokers, and under which names.
struct kafka_settings {
  /// librdkafka's own, passed through. Those that this program's promises rest on cannot be set.
  std::map<std::string, std::string> properties;
  std::string prefix;  ///< of topics and groups
  /// This process among the members of a group, the same after a restart; two processes that live
  /// at once must differ. With it membership is static: a process that comes back within
  /// `session.timeout.ms` finds its partitions, and one that leaves for good keeps them that long.
  /// Empty: whoever leaves is gone at once.
  std::string instance;
  /// How often what is old and committed is deleted from topics that are kept until it is.
  std::chrono::milliseconds trim_every = std::chrono::hours(1);
};

/// Whether librdkafka knows this property, takes this value, and leaves it to the operator.
[[nodiscard]] result<> check_kafka_property(const std::string& name, const std::string& value);

/// Whether the value is to be shown to nobody.
[[nodiscard]] bool is_kafka_secret(const std::string& name);

}  // namespace sonde::queue
