#pragma once

#include "model/fitting.hpp"
#include "model/scan_task.hpp"

#include <cstddef>

namespace sonde::model {

/// How long the ports of one scan may be as text, so that a snapshot holds those of two generations
/// beside all else.
[[nodiscard]] constexpr std::size_t most_ports_bytes(std::size_t record_bytes) {
  return record_bytes / 4;
}
/// The share of a snapshot that `produced` may take: one place for each partition of two topics.
[[nodiscard]] constexpr std::size_t most_produced_bytes(std::size_t record_bytes) {
  return record_bytes / 4;
}
/// One place in `produced`, encoded, at the most.
inline constexpr std::size_t produced_place_bytes = 80;

/// The task, with a record of at most `most_bytes`.
///
/// What is left out, in this order, and only as far as needed: endpoints that earlier scans found
/// open, results from the end of their list
/// (`results_total` still counts them), the text of past reasons, what cursors know (they become
/// `coarser`), the oldest generations of the history. A task that is still too large after that
/// was written under a higher limit: it ends as `failed` with a reason, and loses its webhooks, its
/// ports and what waits for its end.
[[nodiscard]] scan_task fitted(scan_task task, std::size_t most_bytes);

/// Whether the parts of a task that cannot be shortened leave room for those that can. `fold` adds
/// no webhook for which there is none.
[[nodiscard]] bool has_room(const scan_task& task, std::size_t record_bytes);

}  // namespace sonde::model
