#pragma once

#include "model/fitting.hpp"
#include "model/scan_task.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sonde::model {

/// How much of a task's past, and of what is attached to it, a snapshot holds.
struct fold_bounds {
  // Converts, so that the usual one is just a number of generations.
  fold_bounds(std::uint32_t kept, std::size_t bytes = usual_record_bytes)  // NOLINT
      : generations(kept), record_bytes(bytes) {}

  std::uint32_t generations;  ///< the length of the history
  std::size_t record_bytes;   ///< `record_max_bytes`
};

/// The life of a task, as functions of values. They know no clock, no topic and no owner; the
/// scheduler calls them and publishes what they return, and the views call `fold` to know a
/// task before the scheduler has seen its request.

/// What a task becomes by the request at `offset` of its partition. A request at or below
/// `folded` changes nothing, so a replay is harmless. Webhooks for which the snapshot has no room
/// are left out (see `has_room`).
[[nodiscard]] scan_task fold(std::optional<scan_task> task, const scan_request& request,
                             std::int64_t offset, const fold_bounds& bounds);

/// Whether `fold` leaves out this request's webhooks.
[[nodiscard]] bool leaves_out_webhooks(const std::optional<scan_task>& task,
                                       const scan_request& request, std::int64_t offset,
                                       const fold_bounds& bounds);

/// Whether a request can be folded at all: one that is about a scan which there is not, and does
/// not ask for it, says nothing.
[[nodiscard]] bool concerns(const std::optional<scan_task>& task, const scan_request& request);

/// Whether the held snapshot gives way to another one: only to one at least as new.
[[nodiscard]] bool supersedes(const scan_task& incoming, const scan_task& held);

/// The current generation begins, or begins again.
[[nodiscard]] scan_task started(scan_task task, wall_time now);

/// It has come this far. Progress clears `stalled`.
[[nodiscard]] scan_task advanced(scan_task task, task_progress progress,
                                 std::map<std::string, sweep_cursor> cursors);

/// A graceful stop: queued again, with its cursors, and the attempt not held against it.
[[nodiscard]] scan_task put_back(scan_task task);

/// It has ended, and its webhooks are owed their messages. The caller adds results and positions
/// before or after.
[[nodiscard]] scan_task ended(scan_task task, outcome how, wall_time now);

/// Compares the results of a task with the endpoints in `past`. Removes those that are open again,
/// and marks those closed for which `asked` says that the scan has a verdict. Marks none if
/// `results` does not list all open endpoints.
[[nodiscard]] scan_task compared(scan_task task,
                                 const std::function<bool(const std::string& endpoint)>& asked);

/// What is left of a task whose snapshot can never be recorded: its identity and its outcome. One
/// that has not ended, ends as `attempts`, for this reason. What it owed to webhooks is dropped.
[[nodiscard]] scan_task reduced(scan_task task, const std::string& why, wall_time now);

/// The senders have these messages.
[[nodiscard]] scan_task handed_over(scan_task task, const std::vector<delivery_id>& messages);

/// Why a scan was cancelled, in a sentence.
[[nodiscard]] outcome cancelled_by(const std::string& who);

/// The generation that waited for this one's end becomes the current one.
[[nodiscard]] scan_task promoted(scan_task task, std::uint32_t kept);

}  // namespace sonde::model
