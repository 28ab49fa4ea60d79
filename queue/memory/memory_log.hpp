#pragma once

#include "queue/local/local_queue.hpp"

namespace sonde::queue {

/// Creates logs that live in memory as long as this store. Both sides run on one thread.
[[nodiscard]] local::log_store make_memory_store(const local::layout& layout);

}  // namespace sonde::queue
