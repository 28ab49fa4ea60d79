#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "queue/errc.hpp"
#include "queue/io.hpp"
#include "queue/kafka/kafka_queue.hpp"
#include "queue/limits.hpp"
#include "tests/support/kafka_broker.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sonde::test {

/// Topics of one test on the broker, and queues opened on them: `log`, `state`, and `work`, which
/// is retained until committed.
class kafka_topics {
 public:
  kafka_topics();

  /// Opens the queue as one more process would.
  [[nodiscard]] std::unique_ptr<queue::backend> open(const std::string& instance = {});

  std::map<std::string, std::string> properties;
  queue::limits bounds;
  logger log{log_level::warning};

 private:
  std::string prefix_;
  std::vector<queue::topic_spec> topics_;
  system_clock clock_;
  bool made_ = false;
};

/// Returns the broker's folder, for `run_broker_script`.
[[nodiscard]] std::string broker_folder();

[[nodiscard]] record make_record(std::string key, std::string value);
[[nodiscard]] inline error_code code(queue::errc c) {
  return make_error_code(c);
}

awaitable<void> wait_for(std::chrono::milliseconds time);
/// Reads until it has `count` records.
awaitable<std::vector<queue::stored_record>> read(queue::reader& reader, std::size_t count);
/// Takes deliveries until partitions have been assigned.
awaitable<std::vector<queue::partition_ref>> wait_for_assignment(queue::consumer& member);

}  // namespace sonde::test
