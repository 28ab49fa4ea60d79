#pragma once

#include "base/async/asio.hpp"

#include <functional>
#include <memory>
#include <utility>

namespace sonde {

/// The handle of a suspended coroutine, held by the code that will provide its value.
///
/// Resumes the coroutine on the coroutine's own loop. Counts as work of that loop until then, so
/// that the loop does not end. Call `resume` once, from any thread. It cannot be cancelled: the
/// holder must call it.
template <class T>
class resumption {
 public:
  virtual ~resumption() = default;
  virtual void resume(T value) = 0;
};

namespace detail {

template <class T, class Handler>
class resumption_of final : public resumption<T> {
 public:
  explicit resumption_of(Handler handler)
      : handler_(std::move(handler)), home_(asio::get_associated_executor(handler_)) {}

  void resume(T value) override {
    auto go_on = [handler = std::move(handler_), value = std::move(value)]() mutable {
      std::move(handler)(std::move(value));
    };
    asio::post(home_.get_executor(), std::move(go_on));
  }

 private:
  Handler handler_;
  asio::executor_work_guard<asio::associated_executor_t<Handler>> home_;
};

}  // namespace detail

/// Suspends this coroutine, passes its handle to `start`, and returns the value it is resumed with.
template <class T>
awaitable<T> suspend(std::function<void(std::unique_ptr<resumption<T>>)> start) {
  auto initiate = [start = std::move(start)](auto handler) {
    using handler_type = decltype(handler);
    start(std::make_unique<detail::resumption_of<T, handler_type>>(std::move(handler)));
  };
  auto token = asio::use_awaitable;
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(T)>(
      std::move(initiate), token);
}

}  // namespace sonde
