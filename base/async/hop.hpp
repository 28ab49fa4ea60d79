#pragma once

#include "base/async/asio.hpp"

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace sonde {

namespace detail {

/// What crosses back from the other thread: a value, or the exception that came instead.
template <class T>
struct hop_outcome {
  std::exception_ptr thrown;
  std::optional<std::conditional_t<std::is_void_v<T>, std::monostate, T>> value;

  T take() {
    if (thrown) std::rethrow_exception(thrown);
    if constexpr (!std::is_void_v<T>) return std::move(*value);
  }
};

}  // namespace detail

/// Runs `work()` on another loop and resumes here with what it returned.
///
/// The one way in which a coroutine reaches an object of another thread. `work` is moved there and
/// its result moved back; neither is shared. It cannot be cancelled: once posted it runs, so it
/// must be short, or have a deadline of its own.
template <class Work>
awaitable<std::invoke_result_t<Work&>> call_on(executor there, Work work) {
  using value_type = std::invoke_result_t<Work&>;
  using outcome = detail::hop_outcome<value_type>;
  auto initiate = [there, work = std::move(work)](auto handler) mutable {
    auto run = [work = std::move(work), handler = std::move(handler)]() mutable {
      auto done = std::make_unique<outcome>();
      try {
        if constexpr (std::is_void_v<value_type>) {
          work();
        } else {
          done->value.emplace(work());
        }
      } catch (...) {
        done->thrown = std::current_exception();
      }
      auto here = asio::get_associated_executor(handler);
      auto resume = [handler = std::move(handler), done = std::move(done)]() mutable {
        std::move(handler)(std::move(done));
      };
      asio::post(here, std::move(resume));
    };
    asio::post(there, std::move(run));
  };
  auto token = asio::use_awaitable;
  auto done =
      co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::unique_ptr<outcome>)>(
          std::move(initiate), token);
  co_return done->take();
}

/// Runs a coroutine of another loop and resumes here with what it returned. `make` is called
/// there, so the coroutine is made and destroyed on the loop that it runs on. It does not see this
/// coroutine's cancellation: give it a deadline or another way to stop.
template <class Make>
auto spawn_on(executor there, Make make) -> std::invoke_result_t<Make&> {
  auto token = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
  co_return co_await asio::co_spawn(there, std::move(make), token);
}

}  // namespace sonde
