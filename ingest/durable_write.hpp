#pragma once

#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "queue/io.hpp"

#include <vector>

namespace sonde::ingest {

/// Returns when every record is durable, with where each stands.
///
/// A write cannot be taken back: after `until` it is left to its end in `writes`, a group of the
/// caller's loop, and the answer is `errc::unavailable`. Other errors are as `as_answer` has them.
awaitable<result<std::vector<queue::position>>> write_durably(task_group& writes,
                                                              queue::backend& queue,
                                                              std::vector<record> batch,
                                                              steady_time until);

/// A queue's or a view's failure, as whoever asked is told it.
[[nodiscard]] error as_answer(const error& why);

}  // namespace sonde::ingest
