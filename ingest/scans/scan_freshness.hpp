#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "ingest/scans/order_rules.hpp"
#include "model/ids.hpp"
#include "model/scan/scan_request.hpp"
#include "model/scan/scan_task.hpp"

#include <cstdint>
#include <optional>

namespace sonde::ingest {

/// The fields of an existing scan that decide whether it satisfies an order.
struct existing_scan {
  model::task_state state = model::task_state::queued;
  std::optional<wall_time> ended;
  std::optional<model::scan_depth> depth;
};

/// Reports whether a scan satisfies an order. Its depth must be at least that of the order, except
/// that a queued scan takes the depth of the order. It must not have ended, or be done and fresh
/// enough. A scan whose end lies in the future does not satisfy an order.
[[nodiscard]] bool will_do(const existing_scan& scan, const scan_order& order, wall_time now);

/// Returns the task as the order concerns it. If the current scan runs with a smaller depth and
/// another one waits for its end, the waiting scan stands in the place of the current one.
[[nodiscard]] model::scan_task concerned(model::scan_task task, const scan_order& order);

/// Converts an order to a scan request.
[[nodiscard]] model::scan_request to_request(scan_order order, model::group_list groups,
                                             std::uint64_t generation, wall_time now);

/// The error for a webhook that exceeds the limit per scan.
[[nodiscard]] error too_many_webhooks();

}  // namespace sonde::ingest
