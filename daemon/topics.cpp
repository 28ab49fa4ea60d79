#include "daemon/topics.hpp"

#include "model/events.hpp"

namespace sonde::daemon {

using std::chrono::hours;

std::vector<queue::topic_spec> all_topics(std::int32_t partitions) {
  constexpr hours week{7 * 24};
  constexpr hours month{30 * 24};
  queue::topic_spec requests;
  requests.name = model::topics::scan_requests;
  requests.retention = week;
  requests.keep_uncommitted = true;
  queue::topic_spec tasks;
  tasks.name = model::topics::scan_tasks;
  tasks.policy = queue::cleanup::compact;
  tasks.compaction_lag = hours(1);
  queue::topic_spec progress;
  progress.name = model::topics::scan_progress;
  progress.retention = hours(1);
  queue::topic_spec entities;
  entities.name = model::topics::entities;
  queue::topic_spec associations;
  associations.name = model::topics::associations;
  queue::topic_spec comments;
  comments.name = model::topics::comments;
  queue::topic_spec dead;
  dead.name = model::topics::scan_requests_dead;
  dead.retention = month;
  queue::topic_spec credentials;
  credentials.name = model::topics::credentials;
  credentials.policy = queue::cleanup::compact;
  // Of a key the first record counts, not the newest, so these are not compacted.
  queue::topic_spec answers;
  answers.name = model::topics::idempotency;
  answers.retention = hours(24);
  // Twice as long as a message is tried: until then it is read again from here.
  queue::topic_spec messages;
  messages.name = model::topics::webhook_requests;
  messages.retention = 2 * week;
  messages.keep_uncommitted = true;
  queue::topic_spec deliveries;
  deliveries.name = model::topics::webhook_deliveries;
  // Longer than there are messages that they tell of. Not compacted: every try has its record.
  deliveries.retention = 4 * week;
  queue::topic_spec undelivered;
  undelivered.name = model::topics::webhook_requests_dead;
  undelivered.retention = month;
  std::vector<queue::topic_spec> out = {requests,     tasks,    progress,   entities,
                                        associations, comments, dead,       credentials,
                                        answers,      messages, deliveries, undelivered};
  for (auto& each : out)
    each.partitions = partitions;
  return out;
}

}  // namespace sonde::daemon
