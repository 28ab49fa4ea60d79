#pragma once

#include "base/result.hpp"
#include "queue/io.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::queue::kafka {

/// Lists the topics, and maps them to their names in Kafka. Immutable, and so usable from every
/// thread.
class topic_names {
 public:
  topic_names(std::vector<topic_spec> topics, std::string prefix);

  [[nodiscard]] const std::vector<topic_spec>& topics() const { return topics_; }
  [[nodiscard]] const std::string& prefix() const { return prefix_; }
  [[nodiscard]] std::string full_name(const std::string& topic) const;
  [[nodiscard]] std::string full_group(const std::string& group) const {
    return prefix_ + "." + group;
  }
  /// Returns the short name of a topic; empty for a topic that is not in the list.
  [[nodiscard]] const std::string& short_name(std::string_view full) const;

  /// Returns the specification of a topic. Fails with `errc::unknown_topic`.
  [[nodiscard]] result<const topic_spec*> find(const std::string& topic) const;
  /// Returns the partition of a record, chosen by its key.
  [[nodiscard]] result<std::int32_t> route(const record& one) const;

 private:
  std::vector<topic_spec> topics_;
  std::string prefix_;
  std::map<std::string, std::string, std::less<>> short_names_;
};

}  // namespace sonde::queue::kafka
