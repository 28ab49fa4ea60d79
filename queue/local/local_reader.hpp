#pragma once

#include "queue/local/read_side.hpp"

#include <memory>

namespace sonde::queue::local {

/// A reader of some logs, each from a position of its own.
[[nodiscard]] std::unique_ptr<reader> make_local_reader(std::shared_ptr<read_side> side,
                                                        log_cursor from);

/// A member of a consumer group on one topic. `commit` makes group offsets durable.
using commit_function = std::function<awaitable<result<>>(std::vector<group_offset>)>;
[[nodiscard]] std::unique_ptr<consumer> make_local_consumer(std::shared_ptr<read_side> side,
                                                            std::string group, std::string topic,
                                                            commit_function commit);

}  // namespace sonde::queue::local
