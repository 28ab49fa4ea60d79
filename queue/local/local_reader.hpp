#pragma once

#include "queue/local/read_side.hpp"

#include <memory>

namespace sonde::queue::local {

/// Returns a reader of several logs, each from its own position.
[[nodiscard]] std::unique_ptr<reader> make_local_reader(std::shared_ptr<read_side> side,
                                                        log_cursor from);

/// Makes group offsets durable on behalf of a group member on one topic.
using commit_function = std::function<awaitable<result<>>(std::vector<group_offset>)>;
[[nodiscard]] std::unique_ptr<consumer> make_local_consumer(std::shared_ptr<read_side> side,
                                                            std::string group, std::string topic,
                                                            commit_function commit);

}  // namespace sonde::queue::local
