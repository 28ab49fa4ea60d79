#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"

#include <vector>

namespace sonde {

/// Posts one short task to each loop and waits until all loops have run it, or until `deadline`. An
/// entry of the result is false if the loop did not run the task: the loop is blocked, or its
/// thread has ended.
[[nodiscard]] awaitable<std::vector<bool>> answering(std::vector<executor> loops,
                                                     steady_time deadline);

}  // namespace sonde
