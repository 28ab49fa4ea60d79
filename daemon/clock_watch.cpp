#include "daemon/clock_watch.hpp"

namespace sonde::daemon {
namespace {

using std::chrono::milliseconds;

/// Smallest jump. A smaller difference means that the clock is being adjusted.
constexpr milliseconds least_jump{2'000};

}  // namespace

clock_watch::clock_watch(const clock& clock) : clock_(clock), seen_(difference()) {}

milliseconds clock_watch::difference() const {
  auto steady = std::chrono::duration_cast<milliseconds>(clock_.steady_now().time_since_epoch());
  return clock_.now().time_since_epoch() - steady;
}

std::optional<milliseconds> clock_watch::look() {
  auto now = difference();
  auto jump = now - seen_;
  seen_ = now;
  if (jump > -least_jump && jump < least_jump) return std::nullopt;
  return jump;
}

}  // namespace sonde::daemon
