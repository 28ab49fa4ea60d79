#pragma once

#include "base/clock.hpp"
#include "model/text/json.hpp"

#include <string>

namespace sonde::client {

/// The content of a table of open ports.
enum class table_detail {
  compact,   ///< one line for each port, and its certificate
  requests,  ///< also the requests that were sent to the port, and their results
};

/// Formats a scan for the terminal: its outcome in one line and a table of the open ports. `scan`
/// is the response of `GET /scan/{id}`.
[[nodiscard]] std::string scan_table(const model::json& scan, std::size_t width, wall_time now,
                                     table_detail detail = table_detail::compact);

/// Formats an entity with its related entities. `entity` is the response with its details.
[[nodiscard]] std::string entity_table(const model::json& entity, std::size_t width);

}  // namespace sonde::client
