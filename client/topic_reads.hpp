#pragma once

#include "base/async/asio.hpp"
#include "queue/io.hpp"

#include <functional>
#include <string>

namespace sonde::client {

using record_function = std::function<void(const queue::stored_record&)>;

/// Hands over every record of a topic up to its end as it is now.
[[nodiscard]] awaitable<result<>> read_all(queue::backend& queue, std::string topic,
                                           record_function take);

/// The record at this place. `errc::not_found` where its topic no longer keeps it.
[[nodiscard]] awaitable<result<queue::stored_record>> read_one(queue::backend& queue,
                                                               queue::position place);

}  // namespace sonde::client
