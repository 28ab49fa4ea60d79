#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "queue/io.hpp"
#include "queue/kafka/client.hpp"
#include "queue/kafka/topic_names.hpp"
#include "queue/limits.hpp"

#include <map>
#include <vector>

namespace sonde::queue::kafka {

/// Retention (`retention`) for topics with `keep_uncommitted`: notes what the groups of this
/// process have committed. Kafka's retention does not check whether a record has been processed, so
/// such a topic has no retention in Kafka. The process that commits a record deletes it once it is
/// also old.
///
/// Assumes one group for each such topic. Lives on one loop.
class retention {
 public:
  explicit retention(const topic_names& names) : names_(names) {}

  void note(const std::vector<position>& committed);
  /// Returns the offsets committed since the last call.
  [[nodiscard]] std::vector<position> take();

 private:
  const topic_names& names_;
  std::map<partition_ref, std::int64_t> committed_;
};

/// Deletes the records before these positions that are older than the retention of their topic.
/// Returns the number of truncated partitions. Blocks.
[[nodiscard]] result<std::size_t> delete_old_records(rd_kafka_t* ask, const topic_names& names,
                                                     std::vector<position> committed, wall_time now,
                                                     const limits& limits);

}  // namespace sonde::queue::kafka
