#pragma once

#include "base/async/run_on.hpp"
#include "base/clock.hpp"
#include "ingest/http/http_limits.hpp"
#include "ingest/http/turn_queue.hpp"

#include <functional>
#include <optional>

namespace sonde::ingest {

/// Builds responses whose size callers choose. Serves a few requests at a time, which limits the
/// memory held for results, and uses a thread of its own, so that small requests do not wait. Lives
/// on the HTTP loop; the thread outlives every use of this object.
class response_builder {
 public:
  response_builder(executor loop, executor thread, const http_limits& limits, const clock& clock);

  /// Waits for a turn. Hold it from before the look-up until the text is built. Returns nothing if
  /// no turn is free within the response timeout.
  awaitable<std::optional<turn_queue::turn>> turn();
  /// Runs `work()` on the thread. `work` must share nothing with this loop.
  template <class T>
  awaitable<T> run(std::function<T()> work) {
    return run_on(thread_, std::move(work));
  }

 private:
  const http_limits& limits_;
  const clock& clock_;
  executor thread_;
  turn_queue turns_;
};

}  // namespace sonde::ingest
