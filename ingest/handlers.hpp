#pragma once

#include "base/limits.hpp"
#include "ingest/entity_service.hpp"
#include "ingest/response_builder.hpp"
#include "ingest/router.hpp"
#include "ingest/scan_service.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sonde::ingest {

/// A part of the process, as `/readyz` tells of it.
struct component {
  std::string name;
  std::string trouble;               ///< why it is not ready, one sentence; empty where it is
  std::optional<std::uint64_t> lag;  ///< records that wait for it, where that is known
};
using readiness_check = std::function<awaitable<std::vector<component>>()>;

/// What `find` gives, as JSON: with a builder, which may be none, in turn and on its thread.
awaitable<http_response> built_answer(response_builder* builder,
                                      std::function<awaitable<result<model::json>>()> find,
                                      std::string id);

/// What a read is answered while others have all turns.
[[nodiscard]] http_response busy_with_readers(const std::string& id);

/// `quota` counts what these routes make durable and refuses the tenant that has written its share;
/// it outlives the router's use. None: nothing is counted.

/// `POST /api/ingest/v1/scan`, `/scans`; `DELETE /api/ingest/v1/scan/{id}`.
void add_scheduling_routes(router& to, scan_service& scans, const limits& limits,
                           daily_quota* quota = nullptr);
/// `GET /api/ingest/v1/scan…`.
void add_scan_routes(router& to, scan_service& scans, const limits& limits);
/// `POST /api/ingest/v1/entity`, `/association`, `/comment`, `/well-known`.
void add_submission_routes(router& to, entity_service& entities, daily_quota* quota = nullptr);
/// `GET /api/analytics/v1/entity…`.
void add_entity_routes(router& to, entity_service& entities);

/// `GET /api/ingest/v1/definitions`.
void add_definition_routes(router& to);
/// `GET /openapi.json`, and the same for people at `/docs`.
void add_openapi_routes(router& to, const std::string& version);

/// `/livez`: the process runs. `/readyz`: it gets on with its work, and with `?verbose` part by
/// part.
void add_health_routes(router& to, readiness_check check);

/// `/metrics`: what `text` says, as Prometheus reads it.
void add_metrics_route(router& to, access who, std::function<awaitable<std::string>()> text);

}  // namespace sonde::ingest
