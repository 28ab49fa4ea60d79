#pragma once

#include "base/result.hpp"
#include "ingest/scans/order_limits.hpp"
#include "views/task_view.hpp"

#include <optional>
#include <string>

namespace sonde::ingest {

/// The error for an invalid scan id.
[[nodiscard]] error no_scan_id(const std::string& id);

/// Checks whether a scan that was looked up can be shown. `errc::not_found`: this caller sees no
/// such scan; the view reports a hidden scan in the same way. `errc::gone`: it is too old.
[[nodiscard]] result<> check_found(const std::optional<views::found_task>& found);

/// Checks whether one more scan may be queued. `errc::too_many`: this tenant has reached its limit.
/// `errc::unavailable`: the whole queue has.
[[nodiscard]] result<> check_room(const views::queued_counts& queued, const order_limits& limits);

}  // namespace sonde::ingest
