#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>

#include <optional>

namespace sonde {

/// Awaits `work` until `deadline`; nothing means that the deadline passed first.
///
/// `work` is then cancelled and its end awaited, so it must honour cancellation. If it completes
/// in the same moment as the timer, its result is kept: *deadline* is said only where there is no
/// result. Not for hot paths: it costs a few allocations.
template <class T>
awaitable<std::optional<T>> with_deadline(awaitable<T> work, steady_time deadline) {
  auto loop = co_await asio::this_coro::executor;
  asio::steady_timer timer(loop, deadline);
  auto group = asio::experimental::make_parallel_group(
      asio::co_spawn(loop, std::move(work), asio::deferred), timer.async_wait(asio::deferred));
  auto token = asio::use_awaitable;
  auto [order, thrown, value, timer_error] =
      co_await group.async_wait(asio::experimental::wait_for_one(), token);
  bool expired = order[0] == 1 && !timer_error;
  if (!thrown) co_return std::move(value);
  if (expired) co_return std::nullopt;
  std::rethrow_exception(thrown);
}

}  // namespace sonde
