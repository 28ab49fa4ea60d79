#pragma once

#include "ingest/auth/daily_quota.hpp"
#include "ingest/http/http_limits.hpp"
#include "ingest/http/router.hpp"
#include "ingest/scans/scan_service.hpp"

namespace sonde::ingest {

/// Adds `POST /api/ingest/v1/scan`, `/scans`, `/webhook/secret`;
/// `DELETE /api/ingest/v1/scan/{id}`.
///
/// `quota` counts what these routes make durable and rejects a tenant that has used up its quota.
/// It outlives the router's use. Null: nothing is counted.
void add_scheduling_routes(router& to, scan_service& scans, const http_limits& limits,
                           daily_quota* quota = nullptr);

/// Adds `GET /api/ingest/v1/scan/{id}`, `/scans`.
void add_scan_routes(router& to, scan_service& scans, const http_limits& limits);

}  // namespace sonde::ingest
