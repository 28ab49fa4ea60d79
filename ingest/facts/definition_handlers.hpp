#pragma once

#include "ingest/http/router.hpp"

#include <string>

namespace sonde::ingest {

/// Adds `GET /api/ingest/v1/definitions`.
void add_definition_routes(router& to);

/// Adds `GET /openapi.json` and the same document as a web page at `/docs`.
void add_openapi_routes(router& to, const std::string& version);

}  // namespace sonde::ingest
