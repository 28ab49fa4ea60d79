#include "views/task_watch.hpp"

#include <utility>

namespace sonde::views {
namespace {

/// The number of readers woken at once; each one may parse a snapshot.
constexpr std::size_t woken_at_once = 8;

}  // namespace

awaitable<bool> task_watch::wait_until(std::string key, steady_time deadline) {
  if (ended_) co_return false;
  auto self = std::make_shared<waiter>(waiter{asio::steady_timer(loop_, deadline)});
  waiters_[key].insert(self);
  error_code ignored;
  co_await self->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  if (auto its = waiters_.find(key); its != waiters_.end()) {
    its->second.erase(self);
    if (its->second.empty()) waiters_.erase(its);
  }
  co_return self->announced && !ended_;
}

void task_watch::announce(const std::vector<std::string>& keys) {
  for (const auto& key : keys) {
    auto its = waiters_.find(key);
    if (its == waiters_.end()) continue;
    due_.insert(due_.end(), its->second.begin(), its->second.end());
    waiters_.erase(its);
  }
  if (due_.empty() || std::exchange(waking_, true)) return;
  wake();
}

void task_watch::wake() {
  for (std::size_t woken = 0; woken < woken_at_once && !due_.empty(); ++woken) {
    due_.front()->announced = true;
    due_.front()->timer.cancel();
    due_.pop_front();
  }
  waking_ = !due_.empty();
  if (waking_) asio::post(loop_, [this] { wake(); });
}

void task_watch::end() {
  ended_ = true;
  for (const auto& its : std::exchange(waiters_, {})) {
    for (const auto& each : its.second)
      each->timer.cancel();
  }
  for (const auto& each : std::exchange(due_, {}))
    each->timer.cancel();
}

}  // namespace sonde::views
