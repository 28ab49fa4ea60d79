#include "base/async/operation_timeout.hpp"

namespace sonde {

operation_timeout::operation_timeout(executor loop, std::function<void()> cancel)
    : timer_(loop), state_(std::make_shared<state>()) {
  state_->cancel = std::move(cancel);
}

operation_timeout::~operation_timeout() {
  ++state_->operation;
}

void operation_timeout::arm(steady_time deadline) {
  state_->rang = false;
  auto operation = ++state_->operation;
  timer_.expires_at(deadline);
  timer_.async_wait([state = state_, operation](error_code failed) {
    if (failed || state->operation != operation) return;
    state->rang = true;
    state->cancel();
  });
}

void operation_timeout::disarm() {
  ++state_->operation;
  timer_.cancel();
}

}  // namespace sonde
