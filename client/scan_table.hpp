#pragma once

#include "base/clock.hpp"
#include "model/json.hpp"

#include <string>

namespace sonde::client {

/// A scan as a person reads it: what became of it in a line, and a table of what is open. `scan` is
/// the answer of `GET /scan/{id}`.
[[nodiscard]] std::string scan_table(const model::json& scan, std::size_t width, wall_time now);

/// An entity with what it is related to. `entity` is the answer of its details.
[[nodiscard]] std::string entity_table(const model::json& entity, std::size_t width);

}  // namespace sonde::client
