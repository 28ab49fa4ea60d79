#include "queue/local/layout.hpp"

#include "queue/errc.hpp"
#include "queue/partitioner.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>

namespace sonde::queue::local {

layout::layout(std::vector<topic_spec> topics, std::string prefix)
    : topics_(std::move(topics)), prefix_(std::move(prefix)) {
  for (std::size_t topic = 0; topic < topics_.size(); ++topic) {
    first_log_.push_back(logs());
    for (std::int32_t p = 0; p < topics_[topic].partitions; ++p)
      logs_.push_back({topic, p});
  }
}

position layout::at(log_index log, std::int64_t offset) const {
  return {spec(log).name, partition(log), offset};
}

std::string layout::full_name(const std::string& topic) const {
  return prefix_ + "." + topic + ".v1";
}

result<log_index> layout::find(const std::string& topic, std::int32_t partition) const {
  auto found = std::ranges::find(topics_, topic, &topic_spec::name);
  if (found == topics_.end()) {
    return fail(errc::unknown_topic, "there is no topic \"" + topic + "\"");
  }
  if (partition < 0 || partition >= found->partitions) {
    return fail(errc::unknown_topic, fmt::format("topic {} has no partition {}", topic, partition));
  }
  auto first = first_log_[static_cast<std::size_t>(found - topics_.begin())];
  return first + static_cast<log_index>(partition);
}

result<std::vector<log_index>> layout::find(const std::string& topic) const {
  auto first = find(topic, 0);
  if (!first) return first.error();
  std::vector<log_index> out(static_cast<std::size_t>(spec(*first).partitions));
  std::iota(out.begin(), out.end(), *first);
  return out;
}

result<log_index> layout::route(const record& record) const {
  auto first = find(record.topic, 0);
  if (!first) return first.error();
  auto partition = partition_of(record.key, spec(*first).partitions);
  return *first + static_cast<log_index>(partition);
}

}  // namespace sonde::queue::local
