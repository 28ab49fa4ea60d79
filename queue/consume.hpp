#pragma once

#include "base/async/retry.hpp"
#include "base/async/stop_signal.hpp"
#include "base/log.hpp"
#include "queue/io.hpp"

#include <functional>
#include <string>
#include <vector>

/// The loops that read topics: `consume` for members of a consumer group, `follow` for readers.
namespace sonde::queue {

/// Callbacks of a member of a consumer group. `consume` calls them on its loop, one call at a time.
struct consume_handler {
  std::function<awaitable<void>(std::vector<partition_ref>)> assigned;
  std::function<awaitable<void>(revoked)> revoked;
  /// Processes the records and commits them. Records that are not committed are delivered again
  /// after a restart.
  std::function<awaitable<void>(std::vector<stored_record>)> records;
};

/// Passes the deliveries of a group member to `to`, in order, until the consumer is closed or
/// `stop` is requested. Retries transient errors. Returns a permanent error and ends: the member
/// cannot continue, and its process should exit.
///
/// `what` is the event that a failed read logs, for example "cannot read scan requests".
awaitable<result<>> consume(consumer& from, consume_handler to, stop_signal& stop, logger& log,
                            std::string what);

/// Passes the batches of a reader without a group to `take`, under the same rules as `consume`.
using take_function = std::function<awaitable<void>(std::vector<stored_record>)>;
awaitable<result<>> follow(reader& from, take_function take, stop_signal& stop, logger& log,
                           std::string what);

/// Returns, for each partition of `records`, the position after its last record. This is the
/// position to commit once all of the records are processed.
[[nodiscard]] std::vector<position> positions_after(const std::vector<stored_record>& records);

}  // namespace sonde::queue
