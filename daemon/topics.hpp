#pragma once

#include "queue/io.hpp"

#include <vector>

namespace sonde::daemon {

/// Every topic there is, and how long what stands in it is kept.
[[nodiscard]] std::vector<queue::topic_spec> all_topics(std::int32_t partitions);

}  // namespace sonde::daemon
