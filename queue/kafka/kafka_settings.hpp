#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace sonde::queue {

/// The address of the brokers, and the names to use there.
struct kafka_settings {
  /// librdkafka's properties, passed through. Properties on which this program's guarantees depend
  /// cannot be set.
  std::map<std::string, std::string> properties;
  std::string prefix;  ///< of topics and groups
  /// Identifies this process among the members of a group, across restarts. Two processes that run
  /// at the same time must use different names. With a name, membership is static: a process that
  /// returns within `session.timeout.ms` gets its partitions back, and one that leaves permanently
  /// keeps them for that time. Empty: a member that leaves is removed at once.
  std::string instance;
  /// The interval at which records that are both old and committed are deleted from topics with
  /// `keep_uncommitted`.
  std::chrono::milliseconds trim_every = std::chrono::hours(1);
};

/// Checks that librdkafka knows this property, accepts the value, and that the operator may set it.
[[nodiscard]] result<> check_kafka_property(const std::string& name, const std::string& value);

/// Returns true if the value is a secret and must not be shown.
[[nodiscard]] bool is_kafka_secret(const std::string& name);

}  // namespace sonde::queue
