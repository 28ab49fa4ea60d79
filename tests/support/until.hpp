#pragma once

#include "base/async/asio.hpp"

#include <chrono>
#include <functional>
#include <stdexcept>

namespace sonde::test {

/// Waits until `is_so` returns true, and looks each millisecond. Fails the test by an exception
/// after twenty seconds.
inline awaitable<void> until(std::function<bool()> is_so) {
  auto loop = co_await asio::this_coro::executor;
  asio::steady_timer look(loop);  // pause: between two looks at the condition
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!is_so()) {
    if (std::chrono::steady_clock::now() >= deadline) {
      throw std::runtime_error("what the test waits for did not happen in time");
    }
    look.expires_after(std::chrono::milliseconds(1));
    co_await look.async_wait(asio::use_awaitable);
  }
}

}  // namespace sonde::test
