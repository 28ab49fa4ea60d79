#pragma once

#include <optional>
#include <string_view>

namespace sonde::model {

/// Selects the requests that a scan sends to an open port. Each depth includes those before it.
enum class scan_depth {
  light,     ///< listen, TLS, HTTP
  standard,  ///< and the requests that the port hints at, and the few that identify most services
  deep,      ///< and every other module's request, with twice the connections
};

/// Returns `light`, `standard` or `deep`.
[[nodiscard]] std::string_view name_of(scan_depth depth);
/// Returns nothing for any other text.
[[nodiscard]] std::optional<scan_depth> read_depth(std::string_view name);

/// Reports whether a scan at depth `held` includes what a scan at depth `wanted` sends. A missing
/// depth, which an earlier version wrote, counts as `standard`.
[[nodiscard]] bool includes(std::optional<scan_depth> held, std::optional<scan_depth> wanted);

}  // namespace sonde::model
