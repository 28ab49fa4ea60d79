#pragma once

#include "base/clock.hpp"
#include "base/log.hpp"
#include "queue/io.hpp"
#include "queue/limits.hpp"

namespace sonde::queue {

/// Creates a queue that lives as long as this process, for tests and for scans without a daemon. It
/// keeps every guarantee of `backend` except durability after the process ends.
[[nodiscard]] result<std::unique_ptr<backend>> make_memory_queue(std::vector<topic_spec> topics,
                                                                 std::string prefix,
                                                                 const clock& clock,
                                                                 const limits& limits, logger& log);

}  // namespace sonde::queue
