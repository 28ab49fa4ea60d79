#include "ingest/http/durable_write.hpp"

#include "base/async/deadline.hpp"
#include "ingest/errc.hpp"
#include "queue/errc.hpp"

namespace sonde::ingest {

awaitable<result<std::vector<queue::position>>> write_durably(task_group& writes,
                                                              queue::backend& queue,
                                                              std::vector<record> batch,
                                                              steady_time until) {
  auto written = co_await abandon_after(writes, queue.produce(std::move(batch)), until);
  if (!written) {
    co_return fail(errc::unavailable,
                   "the queue did not confirm the request in time; it may still take effect, and "
                   "is safe to repeat");
  }
  if (!*written) co_return as_answer(written->error());
  co_return std::move(**written);
}

error as_answer(const error& why) {
  bool too_big = why.code == make_error_code(queue::errc::too_large);
  return fail(too_big ? errc::too_large : errc::unavailable, why.message());
}

}  // namespace sonde::ingest
