#pragma once

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "queue/io.hpp"
#include "queue/kafka/client.hpp"
#include "queue/kafka/topic_names.hpp"

#include <map>
#include <vector>

namespace sonde::queue::kafka {

/// What this process's groups have committed of topics that are kept until then. Kafka's own
/// retention does not ask whether a record has been dealt with, so such a topic has none, and the
/// process that commits it deletes what is both committed and old.
///
/// Assumes one group for each such topic. Lives on one loop.
class trimmer {
 public:
  explicit trimmer(const topic_names& names) : names_(names) {}

  void note(const std::vector<position>& committed);
  /// What has been committed since this was asked last.
  [[nodiscard]] std::vector<position> take();

 private:
  const topic_names& names_;
  std::map<partition_ref, std::int64_t> committed_;
};

/// Deletes what is before these positions and older than its topic's retention. Blocks. How many
/// partitions have been cut.
[[nodiscard]] result<std::size_t> delete_old_records(rd_kafka_t* ask, const topic_names& names,
                                                     std::vector<position> committed, wall_time now,
                                                     const limits& limits);

}  // namespace sonde::queue::kafka
