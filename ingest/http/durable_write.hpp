#pragma once

#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "queue/io.hpp"

#include <vector>

namespace sonde::ingest {

/// Writes records. Returns the position of each record when all of them are durable.
///
/// A write cannot be revoked: after `until` it continues in `writes`, a task group of the caller's
/// loop, and this call returns `errc::unavailable`. Other errors are mapped by `as_answer`.
awaitable<result<std::vector<queue::position>>> write_durably(task_group& writes,
                                                              queue::backend& queue,
                                                              std::vector<record> batch,
                                                              steady_time until);

/// Maps an error of the queue or of a view to the error that the client gets.
[[nodiscard]] error as_answer(const error& why);

}  // namespace sonde::ingest
