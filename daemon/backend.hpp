#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "daemon/configuration.hpp"
#include "queue/io.hpp"

#include <memory>
#include <string>
#include <vector>

/// The queue that the configuration names. What stands behind it is known in app.cpp alone.
namespace sonde::daemon {

/// What a queue is opened for.
enum class queue_use {
  serve,  ///< by a daemon
  write,  ///< by a verb, which joins no group; an embedded queue is there and has no daemon
  read,   ///< beside a daemon that writes
};

/// The backend that the configuration names.
[[nodiscard]] result<std::unique_ptr<queue::backend>> open_queue(const configuration& config,
                                                                 queue_use use, const clock& clock,
                                                                 logger& log);

/// What became of a topic that was to be made.
struct topic_report {
  std::string name;
  std::string full_name;
  bool created = false;               ///< just now
  std::vector<std::string> problems;  ///< that keep the daemon from starting
  std::vector<std::string> advice;
};

/// Makes the topics that are missing, and looks at all of them. Nothing to do where the queue makes
/// its own: an empty list.
[[nodiscard]] result<std::vector<topic_report>> create_topics(const configuration& config,
                                                              logger& log);

/// Whether what `[kafka]` passes through is known to librdkafka; the error names where it stands.
[[nodiscard]] result<> check_kafka(const configuration& config);
/// Whether a property's value is to be shown to nobody.
[[nodiscard]] bool is_kafka_secret(const std::string& property);

}  // namespace sonde::daemon
