#pragma once

#include "model/json.hpp"

#include <string>
#include <string_view>

namespace sonde::ingest {

/// `openapi.json` as it stands in this folder.
[[nodiscard]] std::string_view openapi_text();

/// The OpenAPI 3.1 document of the HTTP interface: the text above, with this program's version and
/// the entity types that there are.
[[nodiscard]] model::json openapi_document(const std::string& version);

/// The same as a page for people, whole in itself: no scripts, nothing from elsewhere.
[[nodiscard]] std::string openapi_page(const model::json& document);

}  // namespace sonde::ingest
