#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"

#include <vector>

namespace sonde {

/// Which of these loops come to new work before `deadline`. One that does not is blocked, or its
/// thread has ended. Costs each of them one short piece of work.
[[nodiscard]] awaitable<std::vector<bool>> answering(std::vector<executor> loops,
                                                     steady_time deadline);

}  // namespace sonde
