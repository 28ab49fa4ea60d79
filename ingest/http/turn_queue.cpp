#include "ingest/http/turn_queue.hpp"

#include "base/result.hpp"

namespace sonde::ingest {

awaitable<std::optional<turn_queue::turn>> turn_queue::wait(steady_time deadline) {
  if (free_ > 0) {
    --free_;
    co_return std::optional<turn>(std::in_place, *this);
  }
  // Leaves the queue on every exit, also when the frame is destroyed.
  struct place {
    place(turn_queue& queue, steady_time until)
        : queue_(queue), own{asio::steady_timer(queue.loop_, until)} {
      at_ = queue_.waiting_.insert(queue_.waiting_.end(), &own);
    }
    ~place() {
      if (!own.called) queue_.waiting_.erase(at_);
      if (own.called && !taken) queue_.leave();
    }
    place(const place&) = delete;
    place& operator=(const place&) = delete;

    turn_queue& queue_;
    waiter own;
    std::list<waiter*>::iterator at_;
    bool taken = false;
  };
  place mine(*this, deadline);
  error_code ignored;
  co_await mine.own.timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  if (!mine.own.called) co_return std::nullopt;
  mine.taken = true;
  co_return std::optional<turn>(std::in_place, *this);
}

/// Passes the turn directly to the longest waiting coroutine, so that no other one can take it.
void turn_queue::leave() {
  if (waiting_.empty()) {
    ++free_;
    return;
  }
  auto& next = *waiting_.front();
  waiting_.pop_front();
  next.called = true;
  next.timer.cancel();
}

}  // namespace sonde::ingest
