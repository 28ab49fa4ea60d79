#include "base/async/condition.hpp"

namespace sonde {

awaitable<bool> condition::wait_until(steady_time deadline) {
  auto place = waiters_.emplace(waiters_.end(), waiter{asio::steady_timer(loop_, deadline)});
  error_code ignored;
  co_await place->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  bool notified = place->notified;
  waiters_.erase(place);
  co_return notified;
}

void condition::notify_all() {
  for (auto& each : waiters_) {
    each.notified = true;
    each.timer.cancel();
  }
}

}  // namespace sonde
