#pragma once

#include "base/async/condition.hpp"
#include "base/async/stop_signal.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "model/ids.hpp"
#include "queue/io.hpp"
#include "views/task_view.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace sonde::scanner {

/// The claims on the partitions of `scan.tasks`: who writes there, and since when.
///
/// An owner appends a claim; the place of it orders owners, and is the epoch in all that the owner
/// publishes. Everybody who owns reads along: a later claim ends the ownership, and a record of an
/// earlier owner that comes after the claim has written over what is true. Lives on the
/// scheduler's loop.
class claims {
 public:
  struct listener {
    std::function<awaitable<void>(std::int32_t partition)> lost;
    std::function<awaitable<void>(std::int32_t partition, model::target_key key)> overwritten;
    /// So many processes own partitions. Told when that changes; every member of the group claims
    /// anew when one comes or goes, so each sees the claims of all.
    std::function<void(std::size_t owners)> counted = nullptr;
    /// The topic cannot be read, for a reason that does not pass.
    std::function<void(error)> failed = nullptr;
  };

  claims(executor loop, queue::backend& queue, views::task_view& view, const clock& clock,
         logger& log, std::string process_id, listener tell);

  /// Reads along, until `stop`. Runs before the first `claim`.
  awaitable<void> watch();
  void stop();

  /// Claims a partition and reads the claim back; the view then shows all that former owners have
  /// written. Returns the epoch, or nothing where somebody else has claimed it since, or `stop` was
  /// called.
  awaitable<std::optional<std::uint64_t>> claim(std::int32_t partition);
  void give_up(std::int32_t partition) { ours_.erase(partition); }

 private:
  struct seen_claim {
    std::string owner;
    std::int64_t offset = -1;
  };

  awaitable<void> take_all(std::vector<queue::stored_record> batch);
  awaitable<void> take(queue::stored_record record);
  void count_owners();

  executor loop_;
  queue::backend& queue_;
  views::task_view& view_;
  const clock& clock_;
  logger& log_;
  std::string process_id_;
  listener tell_;
  std::unique_ptr<queue::reader> reader_;
  std::map<std::int32_t, seen_claim> latest_;
  std::map<std::int32_t, std::uint64_t> ours_;  ///< partition → epoch
  condition progress_;
  std::size_t owners_ = 1;
  stop_signal stop_;
};

/// The epoch of a claim at this offset; greater than that of any task that nobody owned.
[[nodiscard]] inline std::uint64_t epoch_at(std::int64_t offset) {
  return static_cast<std::uint64_t>(offset) + 1;
}

}  // namespace sonde::scanner
