#include "queue/memory/memory_queue.hpp"

#include "queue/local/local_queue.hpp"
#include "queue/memory/memory_log.hpp"

namespace sonde::queue {

result<std::unique_ptr<backend>> make_memory_queue(std::vector<topic_spec> topics,
                                                   std::string prefix, const clock& clock,
                                                   const limits& limits, logger& log) {
  local::layout layout(std::move(topics), std::move(prefix));
  auto store = make_memory_store(layout);
  return local::make_local_queue(std::move(layout), std::move(store), clock, limits, log);
}

}  // namespace sonde::queue
