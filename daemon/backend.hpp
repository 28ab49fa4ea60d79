#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "daemon/configuration.hpp"
#include "queue/io.hpp"

#include <memory>
#include <string>
#include <vector>

/// Creation and checks of the queue that the configuration names. Only backend.cpp
/// knows its implementations.
namespace sonde::daemon {

/// Purpose for which a queue is opened.
enum class queue_use {
  serve,  ///< by a daemon
  write,  ///< by a verb, which joins no group; an embedded queue exists and has no daemon
  read,   ///< next to a daemon that writes
};

/// Opens the backend that the configuration names.
[[nodiscard]] result<std::unique_ptr<queue::backend>> open_queue(const configuration& config,
                                                                 queue_use use, const clock& clock,
                                                                 logger& log);

/// Result of the creation of a topic.
struct topic_report {
  std::string name;
  std::string full_name;
  bool created = false;               ///< by this call
  std::vector<std::string> problems;  ///< these keep the daemon from starting
  std::vector<std::string> advice;
};

/// Creates the missing topics and checks all of them. Returns an empty list if the queue creates
/// its own topics.
[[nodiscard]] result<std::vector<topic_report>> create_topics(const configuration& config,
                                                              logger& log);

/// Checks that librdkafka knows the properties in `[kafka]`. The error names where a property is
/// set.
[[nodiscard]] result<> check_kafka(const configuration& config);
/// Returns true if a property's value must not be shown.
[[nodiscard]] bool is_kafka_secret(const std::string& property);

}  // namespace sonde::daemon
