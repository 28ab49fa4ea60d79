#pragma once

#include "ingest/auth/daily_quota.hpp"
#include "ingest/facts/entity_service.hpp"
#include "ingest/http/router.hpp"

namespace sonde::ingest {

/// Adds `POST /api/ingest/v1/entity`, `/association`, `/comment`, `/well-known`.
///
/// `quota` counts what these routes make durable and rejects a tenant that has used up its quota.
/// It outlives the router's use. Null: nothing is counted.
void add_submission_routes(router& to, entity_service& entities, daily_quota* quota = nullptr);

/// Adds `GET /api/analytics/v1/entity/{id}/details`, `/relations`, `/comments`.
void add_entity_routes(router& to, entity_service& entities);

}  // namespace sonde::ingest
