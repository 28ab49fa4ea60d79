#pragma once

#include "base/result.hpp"
#include "queue/io.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::queue::kafka {

/// Which topics there are, and what Kafka calls them. Immutable, and so used by every thread.
class topic_names {
 public:
  topic_names(std::vector<topic_spec> topics, std::string prefix);

  [[nodiscard]] const std::vector<topic_spec>& topics() const { return topics_; }
  [[nodiscard]] const std::string& prefix() const { return prefix_; }
  [[nodiscard]] std::string full_name(const std::string& topic) const;
  [[nodiscard]] std::string full_group(const std::string& group) const {
    return prefix_ + "." + group;
  }
  /// Empty for a topic that is none of these.
  [[nodiscard]] const std::string& short_name(std::string_view full) const;

  /// `errc::unknown_topic`.
  [[nodiscard]] result<const topic_spec*> find(const std::string& topic) const;
  /// The partition of a record by its key.
  [[nodiscard]] result<std::int32_t> route(const record& one) const;

 private:
  std::vector<topic_spec> topics_;
  std::string prefix_;
  std::map<std::string, std::string, std::less<>> short_names_;
};

}  // namespace sonde::queue::kafka
