#pragma once

#include "base/async/condition.hpp"
#include "base/async/stop_signal.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "queue/consume.hpp"
#include "queue/io.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace sonde::views {

/// Reads the topics of one view, and keeps the positions up to which the view has folded them.
///
/// The view folds the batches that `run` passes to it and reports each of them with `advance`.
/// Lives on the loop of the view. Call `stop`, and await `run`, before it is destroyed.
class topic_follower {
 public:
  topic_follower(executor loop, queue::backend& queue, std::vector<std::string> topics,
                 logger& log);

  /// The view's part of the loop, called on the loop, one call at a time.
  struct callbacks {
    /// Folds a batch. Calls `advance` when the effect is readable, and `announce` after it.
    queue::take_function fold;
    /// Called after retention has deleted records that were not read. Sets other positions with
    /// `restart` or `skip_deleted`; then reading continues.
    std::function<awaitable<void>()> overtaken;
    /// The event that a failed read logs.
    std::string unreadable;
  };

  /// Starts reading at these positions. A partition without a position is read from its first
  /// record.
  void restart(const std::vector<queue::position>& from);
  /// Moves positions that retention has overtaken to the first kept records, and restarts there.
  awaitable<result<>> skip_deleted();
  /// Passes records to the view until `stop`. Returns a permanent error.
  awaitable<result<>> run(callbacks view);
  /// Ends `run` and the pauses of `stopping`. Waiting calls end at the next `announce`.
  void stop();
  [[nodiscard]] stop_signal& stopping() { return stop_; }

  /// Notes that the view has folded all records before these positions.
  void advance(const std::vector<queue::position>& reached);
  /// Wakes the waiting calls.
  void announce() { changed_.notify_all(); }

  /// Returns whether a position has been folded and its effect is readable. Callable from any
  /// thread, so that a caller that need not wait does not wait for a running fold either.
  [[nodiscard]] bool has_passed(const std::string& topic, std::int32_t partition,
                                std::int64_t offset) const;
  /// Returns whether the view has folded more than topics with these ends hold.
  [[nodiscard]] bool is_ahead_of(const std::vector<queue::position>& ends) const;
  /// Waits until all records that are on the topics now are folded. Returns false at the deadline,
  /// after `stop`, and if the queue cannot report the positions of the topics.
  awaitable<bool> catch_up(steady_time deadline);
  /// Waits until `reached()` is true; checks it now and after every announcement. Returns false at
  /// the deadline and after `stop`.
  awaitable<bool> wait_until(std::function<bool()> reached, steady_time deadline);
  /// Returns whether calls wait for an announcement.
  [[nodiscard]] bool is_awaited() const { return waiting_ > 0; }

 private:
  using partition_key = std::pair<std::string, std::int32_t>;

  void read_on();

  queue::backend& queue_;
  std::vector<std::string> topics_;
  logger& log_;
  mutable std::mutex next_mutex_;               ///< the loop writes `next_`, others read it
  std::map<partition_key, std::int64_t> next_;  ///< the next offset to fold
  std::unique_ptr<queue::reader> reader_;
  condition changed_;
  std::size_t waiting_ = 0;  ///< calls that wait for an announcement
  stop_signal stop_;
};

}  // namespace sonde::views
