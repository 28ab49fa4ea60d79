#pragma once

#include "base/limits.hpp"
#include "ingest/router.hpp"
#include "ingest/scan_service.hpp"

#include <functional>
#include <string>

namespace sonde::ingest {

/// What is not ready, one sentence each; empty when everything is.
using readiness_check = std::function<awaitable<std::vector<std::string>>()>;

/// `/api/ingest/v1/scan…`: scheduling scans and looking at them; entities to read.
void add_scan_routes(router& to, scan_service& scans, const limits& limits);

/// `/livez`: the process runs. `/readyz`: it can do its work.
void add_health_routes(router& to, readiness_check check);

}  // namespace sonde::ingest
