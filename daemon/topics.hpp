#pragma once

#include "daemon/retention.hpp"
#include "queue/io.hpp"

#include <vector>

namespace sonde::daemon {

/// Every topic there is. `kept` says how long what stands in those that are not compacted is kept.
[[nodiscard]] std::vector<queue::topic_spec> all_topics(
    std::int32_t partitions, const retention_table& kept = default_retention());

}  // namespace sonde::daemon
