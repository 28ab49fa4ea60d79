#pragma once

#include "queue/local/local_queue.hpp"

namespace sonde::queue {

/// Logs that live as long as this store: both sides of it, for one thread.
[[nodiscard]] local::log_store make_memory_store(const local::layout& layout);

}  // namespace sonde::queue
