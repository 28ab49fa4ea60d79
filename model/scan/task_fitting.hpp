#pragma once

#include "model/scan/scan_task.hpp"
#include "model/text/fitting.hpp"

#include <cstddef>

namespace sonde::model {

/// Returns the limit of one scan's ports as text. A snapshot must hold the ports of two generations
/// and all other fields.
[[nodiscard]] constexpr std::size_t most_ports_bytes(std::size_t record_bytes) {
  return record_bytes / 4;
}
/// Returns the limit of `produced` in a snapshot: one place for each partition of two topics.
[[nodiscard]] constexpr std::size_t most_produced_bytes(std::size_t record_bytes) {
  return record_bytes / 4;
}
/// The limit of one encoded place in `produced`.
inline constexpr std::size_t produced_place_bytes = 80;

/// Returns the task, shortened so that its record has at most `most_bytes`.
///
/// Removes data in this order, only as far as necessary: the requests of all results
/// (`requests_omitted` is then set), endpoints that earlier scans found open, results from the end
/// of their list (`results_total` still counts them), the reasons of earlier generations, the
/// precision of cursors (they become `coarser`), the oldest generations of the history. A task that
/// is still too large was written under a higher limit. It ends as `failed` with a reason, and
/// loses its webhooks, its ports and the request that waits for its end.
[[nodiscard]] scan_task fitted(scan_task task, std::size_t most_bytes);

/// Reports whether the parts of a task that cannot be shortened leave room for the others. `fold`
/// adds no webhook if there is no room.
[[nodiscard]] bool has_room(const scan_task& task, std::size_t record_bytes);

}  // namespace sonde::model
