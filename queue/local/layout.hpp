#pragma once

#include "base/result.hpp"
#include "queue/io.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sonde::queue::local {

/// The index of a partition of a topic. The stores of one machine number their logs by it.
using log_index = std::uint32_t;

/// Maps each partition of each topic to a log. Immutable.
class layout {
 public:
  layout(std::vector<topic_spec> topics, std::string prefix);

  [[nodiscard]] const std::vector<topic_spec>& topics() const { return topics_; }
  [[nodiscard]] std::uint32_t logs() const { return static_cast<std::uint32_t>(logs_.size()); }
  [[nodiscard]] const topic_spec& spec(log_index log) const { return topics_[logs_[log].topic]; }
  [[nodiscard]] std::int32_t partition(log_index log) const { return logs_[log].partition; }
  [[nodiscard]] position at(log_index log, std::int64_t offset) const;
  [[nodiscard]] std::string full_name(const std::string& topic) const;
  [[nodiscard]] std::string full_group(const std::string& group) const {
    return prefix_ + "." + group;
  }

  /// Returns the logs of a topic, in the order of its partitions. Fails with `errc::unknown_topic`.
  [[nodiscard]] result<std::vector<log_index>> find(const std::string& topic) const;
  [[nodiscard]] result<log_index> find(const std::string& topic, std::int32_t partition) const;
  /// Returns the log of a record, chosen by its key.
  [[nodiscard]] result<log_index> route(const record& record) const;

 private:
  struct log_place {
    std::size_t topic;
    std::int32_t partition;
  };

  std::vector<topic_spec> topics_;
  std::vector<log_index> first_log_;  ///< of each topic
  std::vector<log_place> logs_;
  std::string prefix_;
};

}  // namespace sonde::queue::local
