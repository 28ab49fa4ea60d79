#pragma once

#include "model/text/json.hpp"

#include <string>
#include <string_view>

namespace sonde::ingest {

/// Returns the text of `openapi.json` in this folder.
[[nodiscard]] std::string_view openapi_text();

/// Returns the OpenAPI 3.1 document of the HTTP interface: the text above with this program's
/// version and its entity types.
[[nodiscard]] model::json openapi_document(const std::string& version);

/// Renders the document as a self-contained HTML page without scripts and external resources.
[[nodiscard]] std::string openapi_page(const model::json& document);

}  // namespace sonde::ingest
