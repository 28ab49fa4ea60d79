#pragma once

#include "base/async/asio.hpp"

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace sonde {

namespace detail {

/// The outcome that returns from the other thread: a value or an exception.
template <class T>
struct run_outcome {
  std::exception_ptr thrown;
  std::optional<std::conditional_t<std::is_void_v<T>, std::monostate, T>> value;

  T take() {
    if (thrown) std::rethrow_exception(thrown);
    if constexpr (!std::is_void_v<T>) return std::move(*value);
  }
};

template <class T>
std::unique_ptr<run_outcome<T>> run_there(const std::function<T()>& work) {
  auto done = std::make_unique<run_outcome<T>>();
  try {
    if constexpr (std::is_void_v<T>) {
      work();
    } else {
      done->value.emplace(work());
    }
  } catch (...) {
    done->thrown = std::current_exception();
  }
  return done;
}

// These are compiled once for each result type, not once for each lambda. They make code that uses
// run_on slow to build.
template <class T>
awaitable<T> run_function_on(executor there, std::function<T()> work) {
  using outcome = std::unique_ptr<run_outcome<T>>;
  auto initiate = [there, work = std::move(work)](auto handler) mutable {
    auto run = [work = std::move(work), handler = std::move(handler)]() mutable {
      auto here = asio::get_associated_executor(handler);
      auto done = run_there<T>(work);
      auto resume = [handler = std::move(handler), done = std::move(done)]() mutable {
        std::move(handler)(std::move(done));
      };
      asio::post(here, std::move(resume));
    };
    asio::post(there, std::move(run));
  };
  auto token = asio::use_awaitable;
  auto done = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(outcome)>(
      std::move(initiate), token);
  co_return done->take();
}

template <class T>
awaitable<T> run_coroutine_on(executor there, std::function<awaitable<T>()> make) {
  auto token = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
  co_return co_await asio::co_spawn(there, std::move(make), token);
}

}  // namespace detail

/// Runs `work()` on another loop and resumes on this one with its result (run_on).
///
/// This is the only way in which a coroutine reaches an object of another thread. `work` is copied
/// to the other loop and its result is moved back; neither is shared. It cannot be cancelled:
/// posted work always runs, so it must be short.
template <class Work>
awaitable<std::invoke_result_t<Work&>> run_on(executor there, Work work) {
  using value_type = std::invoke_result_t<Work&>;
  return detail::run_function_on<value_type>(std::move(there),
                                             std::function<value_type()>(std::move(work)));
}

/// Runs a coroutine on another loop and resumes on this one with its result (run_on). `make` is
/// called on the other loop, so the coroutine is created and destroyed on the loop that it runs on.
/// It does not receive this coroutine's cancellation: give it a deadline or another way to stop.
template <class Make>
auto run_coroutine_on(executor there, Make make) -> std::invoke_result_t<Make&> {
  using value_type = typename std::invoke_result_t<Make&>::value_type;
  return detail::run_coroutine_on<value_type>(
      std::move(there), std::function<awaitable<value_type>()>(std::move(make)));
}

}  // namespace sonde
