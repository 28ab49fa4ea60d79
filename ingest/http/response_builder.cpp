#include "ingest/http/response_builder.hpp"

#include <chrono>

namespace sonde::ingest {

response_builder::response_builder(executor loop, executor thread, const http_limits& limits,
                                   const clock& clock)
    : limits_(limits),
      clock_(clock),
      thread_(std::move(thread)),
      turns_(std::move(loop), limits.http_reads_at_work) {}

awaitable<std::optional<turn_queue::turn>> response_builder::turn() {
  auto longest = std::chrono::milliseconds(limits_.http_answer_timeout_ms);
  return turns_.wait(clock_.steady_now() + longest);
}

}  // namespace sonde::ingest
