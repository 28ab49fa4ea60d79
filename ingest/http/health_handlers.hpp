#pragma once

#include "base/async/asio.hpp"
#include "ingest/http/router.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sonde::ingest {

/// A part of the process, as `/readyz` reports it.
struct component {
  std::string name;
  /// The reason why it is not ready, one sentence; empty if it is ready.
  std::string reason;
  std::optional<std::uint64_t> lag;  ///< records that wait for it, if known
};
using readiness_check = std::function<awaitable<std::vector<component>>()>;

/// Adds `/livez` (the process runs) and `/readyz` (the process makes progress; `?verbose` lists
/// each component).
void add_health_routes(router& to, readiness_check check);

/// Adds `/metrics` with the result of `text` in the Prometheus text format.
void add_metrics_route(router& to, access who, std::function<awaitable<std::string>()> text);

}  // namespace sonde::ingest
