#pragma once

#include "model/scan/scan_task.hpp"
#include "model/text/fitting.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sonde::model {

/// The bounds of the history and of the attached data in a snapshot.
struct fold_bounds {
  // The conversion is implicit, so that callers can pass a number of generations.
  fold_bounds(std::uint32_t kept, std::size_t bytes = usual_record_bytes)  // NOLINT
      : generations(kept), record_bytes(bytes) {}

  std::uint32_t generations;  ///< the length of the history
  std::size_t record_bytes;   ///< `record_max_bytes`
};

/// The life cycle of a task as pure functions. They use no clock, no topic and no owner. The
/// scheduler calls them and publishes their results. The views call `fold` to show a task before
/// the scheduler has read its request.

/// Applies the request at `offset` of its partition to a task. A request at or below `folded`
/// changes nothing, so a replay is harmless. A request for a greater depth than that of the scan
/// with its generation raises the depth if the scan has not begun; otherwise another scan follows
/// it. Webhooks for which the snapshot has no room are left out (see `has_room`).
[[nodiscard]] scan_task fold(std::optional<scan_task> task, const scan_request& request,
                             std::int64_t offset, const fold_bounds& bounds);

/// Reports whether `fold` leaves out the webhooks of this request.
[[nodiscard]] bool leaves_out_webhooks(const std::optional<scan_task>& task,
                                       const scan_request& request, std::int64_t offset,
                                       const fold_bounds& bounds);

/// Reports whether a request can be folded. A request other than `schedule` that refers to a
/// missing scan has no effect.
[[nodiscard]] bool concerns(const std::optional<scan_task>& task, const scan_request& request);

/// Reports whether `incoming` replaces the held snapshot: it must be at least as new.
[[nodiscard]] bool supersedes(const scan_task& incoming, const scan_task& held);

/// Starts or restarts the current generation.
[[nodiscard]] scan_task started(scan_task task, wall_time now);

/// Records progress. Progress clears `stalled`.
[[nodiscard]] scan_task advanced(scan_task task, task_progress progress,
                                 std::map<std::string, sweep_cursor> cursors);

/// Queues the task again after a graceful stop. Keeps its cursors and does not count the attempt.
[[nodiscard]] scan_task put_back(scan_task task);

/// Ends the current generation and adds its webhook messages to the outbox (`pending`). The caller
/// adds results and positions before or after.
[[nodiscard]] scan_task ended(scan_task task, outcome how, wall_time now);

/// Compares the results of a task with the endpoints in `past`. Removes those that are open again.
/// Marks those as closed for which `asked` reports a verdict of the scan. Marks none if `results`
/// does not list all open endpoints.
[[nodiscard]] scan_task compared(scan_task task,
                                 const std::function<bool(const std::string& endpoint)>& asked);

/// Reduces a task whose snapshot can never be recorded to its identity and its outcome. A task that
/// has not ended, ends as `attempts`, for this reason. Its webhook messages are dropped.
[[nodiscard]] scan_task reduced(scan_task task, const std::string& why, wall_time now);

/// Removes published messages from the outbox (`pending`).
[[nodiscard]] scan_task handed_over(scan_task task, const std::vector<delivery_id>& messages);

/// Returns the outcome of a cancelled scan, with its reason.
[[nodiscard]] outcome cancelled_by(const std::string& who);

/// Makes the waiting generation the current one, if the current one has ended.
[[nodiscard]] scan_task promoted(scan_task task, std::uint32_t kept);

/// Returns the number for another scan: that of the scan that waits for the end of the current one,
/// or a new one. A waiting scan that was cancelled or refused keeps its number.
[[nodiscard]] std::uint64_t next_generation(const scan_task& task);

}  // namespace sonde::model
