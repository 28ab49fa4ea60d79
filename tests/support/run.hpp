#pragma once

#include "base/async/asio.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <variant>
#include <vector>

namespace sonde::test {

/// Runs a coroutine to its end on a loop and returns its result. A test that does not end in time
/// fails by an exception; this is the longest wait in any test.
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
    if (e) loop.stop();  // tasks that it started still run, and its locals are gone
  });
  loop.run_for(at_most);
  if (!ended) throw std::runtime_error("the test's coroutine did not end in time");
  if (thrown) std::rethrow_exception(thrown);
  if constexpr (!std::is_void_v<T>) return std::move(*value);
}

/// Idle loops. They are reused and never destroyed before the program ends: a thread that the work
/// has switched to may still be in its `post` when the work is over.
class idle_loops {
 public:
  std::unique_ptr<asio::io_context> take() {
    std::lock_guard only(mutex_);
    if (loops_.empty()) return std::make_unique<asio::io_context>(1);
    auto loop = std::move(loops_.back());
    loops_.pop_back();
    return loop;
  }
  void give_back(std::unique_ptr<asio::io_context> loop) {
    std::lock_guard only(mutex_);
    loops_.push_back(std::move(loop));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<asio::io_context>> loops_;
};
inline idle_loops idle;

/// Does the same on a loop of its own. Callable from any thread.
template <class T>
T run(awaitable<T> work, std::chrono::seconds at_most = std::chrono::seconds(60)) {
  auto loop = idle.take();
  if constexpr (std::is_void_v<T>) {
    run_on(*loop, std::move(work), at_most);
    idle.give_back(std::move(loop));
  } else {
    auto value = run_on(*loop, std::move(work), at_most);
    idle.give_back(std::move(loop));
    return value;
  }
}

}  // namespace sonde::test
