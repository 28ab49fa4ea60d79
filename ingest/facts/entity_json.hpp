#pragma once

#include "ingest/facts/port_verdicts.hpp"
#include "model/text/json.hpp"
#include "views/entity_view.hpp"

namespace sonde::ingest {

/// JSON of entities in the format of the analytics interface.

/// Response of `GET /entity/{id}/details`. `ports`: verdicts on its ports and services.
[[nodiscard]] model::json to_json(const views::entity_details& entity, const port_verdicts& ports);
/// Response of `GET /entity/{id}/relations`.
[[nodiscard]] model::json to_json(const views::entity_graph& graph, const port_verdicts& ports);
/// Response of `GET /entity/{id}/comments`.
[[nodiscard]] model::json to_json(const views::entity_comments& said);

}  // namespace sonde::ingest
