#pragma once

#include "base/async/hop.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "ingest/turn_queue.hpp"

#include <functional>
#include <optional>

namespace sonde::ingest {

/// Builds responses whose size callers choose: of a few requests at a time, so that what they have
/// found is held for no more, and on a thread of its own, so that nobody waits for it who asks for
/// something small. Lives on the loop of HTTP; the thread outlives every use of this.
class response_builder {
 public:
  response_builder(executor loop, executor thread, const limits& limits, const clock& clock);

  /// Held from before something is looked up until its text is there. Nothing: the server has been
  /// busy with others' for as long as an answer may take.
  awaitable<std::optional<turn_queue::turn>> turn();
  /// Does `work()`, which shares nothing with this loop, on the thread.
  template <class T>
  awaitable<T> run(std::function<T()> work) {
    return call_on(thread_, std::move(work));
  }

 private:
  const limits& limits_;
  const clock& clock_;
  executor thread_;
  turn_queue turns_;
};

}  // namespace sonde::ingest
