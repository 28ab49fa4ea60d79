#include "base/async/retry.hpp"

#include <algorithm>

namespace sonde {
namespace {

constexpr std::chrono::milliseconds log_interval{60'000};

}  // namespace

retry_course::retry_course(retry_policy policy, logger& log, std::string what)
    : policy_(policy), log_(log), what_(std::move(what)), pause_(policy.first_pause) {}

std::chrono::milliseconds retry_course::failed(const error& why) {
  ++failures_;
  if (failures_ == 1 || unlogged_ >= log_interval) {
    log_.warning(what_ + "; retrying", {{"reason", why.message()}, {"tries", failures_}});
    unlogged_ = {};
  }
  auto pause = pause_;
  unlogged_ += pause;
  pause_ = std::min(pause_ * 2, policy_.longest_pause);
  return pause;
}

void retry_course::succeeded() {
  if (failures_ == 0) return;
  log_.info(what_ + "; recovered", {{"tries", failures_ + 1}});
  failures_ = 0;
  unlogged_ = {};
  pause_ = policy_.first_pause;
}

}  // namespace sonde
