#pragma once

#include "daemon/retention.hpp"
#include "queue/io.hpp"

#include <vector>

namespace sonde::daemon {

/// Returns every topic. `kept` gives the retention of those that are not compacted.
[[nodiscard]] std::vector<queue::topic_spec> all_topics(
    std::int32_t partitions, const retention_table& kept = default_retention());

}  // namespace sonde::daemon
