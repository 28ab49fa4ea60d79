#pragma once

#include "base/async/asio.hpp"
#include "queue/io.hpp"

#include <functional>
#include <string>

namespace sonde::admin {

using record_function = std::function<void(const queue::stored_record&)>;

/// Calls `take` with every record of a topic up to its current end.
[[nodiscard]] awaitable<result<>> read_all(queue::backend& queue, std::string topic,
                                           record_function take);

/// Reads the record at this place. Errors: `errc::not_found` if its topic no longer keeps it.
[[nodiscard]] awaitable<result<queue::stored_record>> read_one(queue::backend& queue,
                                                               queue::position place);

}  // namespace sonde::admin
