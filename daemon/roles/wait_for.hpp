#pragma once

#include "base/async/asio.hpp"
#include "base/result.hpp"

#include <chrono>
#include <functional>

namespace sonde::daemon {

/// Time that running requests get when a server stops.
inline constexpr std::chrono::seconds http_drain{5};

/// Runs `work` on the thread of a running loop and returns its result. Blocks, so the caller's
/// thread runs no loop.
[[nodiscard]] result<> call_and_wait(const executor& loop, std::function<result<>()> work);
/// Runs a coroutine on a running loop and waits for its end. Blocks like `call_and_wait`.
void run_and_wait(const executor& loop, awaitable<void> work);

}  // namespace sonde::daemon
