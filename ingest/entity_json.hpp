#pragma once

#include "ingest/port_verdicts.hpp"
#include "model/json.hpp"
#include "views/entity_view.hpp"

namespace sonde::ingest {

/// What entities look like to those who read them, in the words of the analytics interface.

/// `GET /entity/{id}/details`. `ports`: verdicts on its ports and services.
[[nodiscard]] model::json to_json(const views::entity_details& entity, const port_verdicts& ports);
/// `GET /entity/{id}/relations`.
[[nodiscard]] model::json to_json(const views::entity_graph& graph, const port_verdicts& ports);
/// `GET /entity/{id}/comments`.
[[nodiscard]] model::json to_json(const views::entity_comments& said);

}  // namespace sonde::ingest
