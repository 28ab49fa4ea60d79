#pragma once

#include "base/async/asio.hpp"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <variant>

namespace sonde::test {

/// Runs a coroutine to its end on a loop and returns what it returned. A test that does not end in
/// time fails by an exception; nothing in a test waits longer than this.
template <class T>
T run_on(asio::io_context& loop, awaitable<T> work,
         std::chrono::seconds at_most = std::chrono::seconds(60)) {
  loop.restart();
  std::optional<std::conditional_t<std::is_void_v<T>, std::monostate, T>> value;
  std::exception_ptr thrown;
  bool ended = false;
  auto keep = [&]() -> awaitable<void> {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(work);
    } else {
      value.emplace(co_await std::move(work));
    }
  };
  asio::co_spawn(loop, keep, [&](std::exception_ptr e) {
    thrown = e;
    ended = true;
    if (e) loop.stop();  // what it had started was not stopped, and its locals are gone
  });
  loop.run_for(at_most);
  if (!ended) throw std::runtime_error("the test's coroutine did not end in time");
  if (thrown) std::rethrow_exception(thrown);
  if constexpr (!std::is_void_v<T>) return std::move(*value);
}

/// The same on a loop of its own. Not for what hops to a thread that outlives this call: that
/// thread may still be in its `post` when the loop goes.
template <class T>
T run(awaitable<T> work, std::chrono::seconds at_most = std::chrono::seconds(60)) {
  asio::io_context loop(1);
  return run_on(loop, std::move(work), at_most);
}

}  // namespace sonde::test
