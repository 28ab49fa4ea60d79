#pragma once

#include "base/async/asio.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <variant>
#include <vector>

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

/// Loops that have nothing left to do. They are used again and never destroyed before the program
/// ends: a thread that work has hopped to may still be in its `post` when the work is over.
inline std::vector<std::unique_ptr<asio::io_context>>& idle_loops() {
  static std::vector<std::unique_ptr<asio::io_context>> loops;
  return loops;
}

/// The same on a loop of this call's own.
template <class T>
T run(awaitable<T> work, std::chrono::seconds at_most = std::chrono::seconds(60)) {
  auto& idle = idle_loops();
  if (idle.empty()) idle.push_back(std::make_unique<asio::io_context>(1));
  auto loop = std::move(idle.back());
  idle.pop_back();
  if constexpr (std::is_void_v<T>) {
    run_on(*loop, std::move(work), at_most);
    idle.push_back(std::move(loop));
  } else {
    auto value = run_on(*loop, std::move(work), at_most);
    idle.push_back(std::move(loop));
    return value;
  }
}

}  // namespace sonde::test
