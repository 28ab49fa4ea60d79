#pragma once

#include "base/async/asio.hpp"
#include "base/async/condition.hpp"
#include "base/async/task_group.hpp"
#include "base/clock.hpp"

#include <memory>
#include <optional>

namespace sonde {

namespace detail {

template <class T>
struct abandonable {
  explicit abandonable(executor loop) : ended(std::move(loop)) {}
  std::optional<T> value;
  std::exception_ptr thrown;
  bool over = false;
  condition ended;
};

template <class T>
awaitable<void> finish_in_background(awaitable<T> work, std::shared_ptr<abandonable<T>> state) {
  try {
    state->value.emplace(co_await std::move(work));
  } catch (...) {
    state->thrown = std::current_exception();
  }
  state->over = true;
  state->ended.notify_all();
}

}  // namespace detail

/// Awaits `work` until `deadline`. Returns nullopt if the deadline passes first.
///
/// The work is then not cancelled. It continues to its end in `group`, and its result is dropped.
/// Use this for work that cannot be cancelled, such as a write that is on its way to a disk. The
/// group must belong to this coroutine's loop.
template <class T>
awaitable<std::optional<T>> abandon_after(task_group& group, awaitable<T> work,
                                          steady_time deadline) {
  auto state = std::make_shared<detail::abandonable<T>>(group.loop());
  group.spawn(detail::finish_in_background(std::move(work), state));
  while (!state->over) {
    bool in_time = co_await state->ended.wait_until(deadline);
    if (!in_time) break;
  }
  if (state->thrown) std::rethrow_exception(state->thrown);
  co_return std::move(state->value);
}

}  // namespace sonde
