#include "queue/kafka/topic_names.hpp"

#include "queue/errc.hpp"
#include "queue/partitioner.hpp"

#include <algorithm>

namespace sonde::queue::kafka {

topic_names::topic_names(std::vector<topic_spec> topics, std::string prefix)
    : topics_(std::move(topics)), prefix_(std::move(prefix)) {
  for (const auto& each : topics_)
    short_names_.emplace(full_name(each.name), each.name);
}

std::string topic_names::full_name(const std::string& topic) const {
  return prefix_ + "." + topic + ".v1";
}

const std::string& topic_names::short_name(std::string_view full) const {
  static const std::string none;
  auto found = short_names_.find(full);
  return found == short_names_.end() ? none : found->second;
}

result<const topic_spec*> topic_names::find(const std::string& topic) const {
  auto found = std::ranges::find(topics_, topic, &topic_spec::name);
  if (found != topics_.end()) return &*found;
  return fail(errc::unknown_topic, "there is no topic \"" + topic + "\"");
}

result<std::int32_t> topic_names::route(const record& one) const {
  auto spec = find(one.topic);
  if (!spec) return spec.error();
  return partition_of(one.key, (*spec)->partitions);
}

}  // namespace sonde::queue::kafka
