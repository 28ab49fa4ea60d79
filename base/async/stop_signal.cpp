#include "base/async/stop_signal.hpp"

namespace sonde {

awaitable<bool> stop_signal::pause(std::chrono::milliseconds length) {
  if (requested_) co_return false;
  co_await changed_.wait_for(length);
  co_return !requested_;
}

}  // namespace sonde
