#pragma once

#include "ingest/scan_service.hpp"

#include <cstdint>

namespace sonde::ingest {

/// Whether a scan answers an order: it is under way, or done and young enough. One that ended in
/// the future is not.
[[nodiscard]] bool will_do(model::task_state state, const std::optional<wall_time>& ended,
                           const scan_order& order, wall_time now);

/// The request that an order becomes.
[[nodiscard]] model::scan_request to_request(scan_order order, model::group_list groups,
                                             std::uint64_t generation, wall_time now);

/// The answer to one webhook more than a scan may have.
[[nodiscard]] error too_many_webhooks();

}  // namespace sonde::ingest
