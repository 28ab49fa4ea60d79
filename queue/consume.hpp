#pragma once

#include "base/async/retry.hpp"
#include "base/async/stop_signal.hpp"
#include "base/log.hpp"
#include "queue/io.hpp"

#include <functional>
#include <string>
#include <vector>

/// The loops that read topics: one for members of a group, one for readers.
namespace sonde::queue {

/// What a member of a consumer group does with what it gets. Called on the loop of `consume`, one
/// call at a time.
struct consume_handler {
  std::function<awaitable<void>(std::vector<partition_ref>)> assigned;
  std::function<awaitable<void>(revoked)> revoked;
  /// Commits what it has dealt with; whatever is not committed comes again after a restart.
  std::function<awaitable<void>(std::vector<stored_record>)> records;
};

/// Hands a member's deliveries to `to`, in order, until the consumer is closed or stop is
/// requested. Transient errors are retried; a permanent one ends the loop and is returned: the
/// member cannot go on, and its process should end.
///
/// `what` is the event that a failed read logs: "scan requests cannot be read".
awaitable<result<>> consume(consumer& from, consume_handler to, stop_signal& stop, logger& log,
                            std::string what);

/// The same for a reader without a group.
using take_function = std::function<awaitable<void>(std::vector<stored_record>)>;
awaitable<result<>> follow(reader& from, take_function take, stop_signal& stop, logger& log,
                           std::string what);

/// For each partition of these records the position after its last one: what to commit once all
/// of them are dealt with.
[[nodiscard]] std::vector<position> positions_after(const std::vector<stored_record>& records);

}  // namespace sonde::queue
