#pragma once

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "queue/io.hpp"

namespace sonde::queue {

/// A queue that lives as long as this process: for tests, and for scans without a daemon. It keeps
/// every promise of `backend` but the one to survive.
[[nodiscard]] result<std::unique_ptr<backend>> make_memory_queue(std::vector<topic_spec> topics,
                                                                 std::string prefix,
                                                                 const clock& clock,
                                                                 const limits& limits, logger& log);

}  // namespace sonde::queue
