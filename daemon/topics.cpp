#include "daemon/topics.hpp"

#include "model/events.hpp"
#include "model/fact_repeat.hpp"

namespace sonde::daemon {

using std::chrono::hours;

std::vector<queue::topic_spec> all_topics(std::int32_t partitions, const retention_table& kept) {
  namespace names = model::topics;
  std::vector<queue::topic_spec> out;
  for (const auto& name :
       {names::scan_requests, names::scan_tasks, names::scan_progress, names::entities,
        names::associations, names::comments, names::scan_requests_dead, names::credentials,
        names::idempotency, names::webhook_requests, names::webhook_deliveries,
        names::webhook_requests_dead, names::audit}) {
    auto& spec = out.emplace_back();
    spec.name = name;
    spec.partitions = partitions;
    if (spec.name == names::scan_tasks || spec.name == names::credentials) {
      spec.policy = queue::cleanup::compact;
      if (spec.name == names::scan_tasks) spec.compaction_lag = hours(1);
    } else if (auto its = kept.find(spec.name); its != kept.end()) {
      spec.retention = its->second.time;
      spec.retention_bytes = its->second.bytes;
      spec.keep_uncommitted = its->second.until_committed;
      auto repeats = its->second.repeats.value_or(std::chrono::seconds(0));
      if (repeats.count() > 0) {
        spec.compaction_lag = repeats;
        spec.repeats = &model::repeat_of;
      }
    }
  }
  return out;
}

}  // namespace sonde::daemon
