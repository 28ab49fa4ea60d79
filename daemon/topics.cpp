#include "daemon/topics.hpp"

#include "model/events.hpp"
#include "model/facts/fact_repeat.hpp"

namespace sonde::daemon {
namespace {

namespace names = model::topics;
using std::chrono::hours;

/// Cleanup of a topic. A topic that is not compacted has its retention in the configuration.
struct topic_row {
  const char* name;
  queue::cleanup policy = queue::cleanup::remove;
  hours compaction_lag{0};
};

constexpr topic_row topic_table[] = {
    {names::scan_requests},
    {names::scan_tasks, queue::cleanup::compact, hours(1)},
    {names::scan_progress},
    {names::entities},
    {names::associations},
    {names::comments},
    {names::scan_requests_dead},
    {names::credentials, queue::cleanup::compact},
    {names::idempotency},
    {names::webhook_requests},
    {names::webhook_deliveries},
    {names::webhook_requests_dead},
    {names::audit},
};

/// Applies the configured retention. Only topics whose facts repeat remove repeats.
void apply_retention(queue::topic_spec& spec, const topic_retention& kept) {
  spec.retention = kept.time;
  spec.retention_bytes = kept.bytes;
  spec.keep_uncommitted = kept.until_committed;
  auto repeats = kept.repeats.value_or(std::chrono::seconds(0));
  if (repeats.count() <= 0) return;
  spec.compaction_lag = repeats;
  spec.repeats = &model::repeat_of;
}

}  // namespace

std::vector<queue::topic_spec> all_topics(std::int32_t partitions, const retention_table& kept) {
  std::vector<queue::topic_spec> out;
  for (const auto& row : topic_table) {
    auto& spec = out.emplace_back();
    spec.name = row.name;
    spec.partitions = partitions;
    spec.policy = row.policy;
    spec.compaction_lag = row.compaction_lag;
    if (row.policy == queue::cleanup::compact) continue;
    if (auto its = kept.find(row.name); its != kept.end()) apply_retention(spec, its->second);
  }
  return out;
}

}  // namespace sonde::daemon
