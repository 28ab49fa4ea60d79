#pragma once

#include "ingest/http/http_message.hpp"
#include "model/text/json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace sonde::ingest {

/// Parses a request's body as JSON, or returns the response that rejects it: 415 if it is not
/// declared as JSON, as a web page can make a browser send any other type without a preflight
/// request; 400 if it is not valid JSON.
///
/// Parses on the calling thread, so the body is limited to `most_bytes`; a larger one gets 413.
[[nodiscard]] std::variant<model::json, http_response> json_body(const http_request& request,
                                                                 std::uint32_t depth,
                                                                 std::size_t most_bytes);

/// Returns 415 for a body that is not declared as JSON, for the reason given above.
[[nodiscard]] std::optional<http_response> refuse_if_not_json(const http_request& request);

/// Returns 415 for a body that is not declared as one JSON value per line, for the same reason.
[[nodiscard]] std::optional<http_response> refuse_if_not_lines(const http_request& request);

/// Returns the request's `traceparent` (W3C Trace Context, section 3.2) if it is valid and of
/// version 00; empty otherwise.
[[nodiscard]] std::string traceparent_of(const http_request& request);

/// Returns a number of the query within these bounds, or `otherwise` if it is missing. Returns
/// nothing if the value is invalid.
[[nodiscard]] std::optional<std::uint32_t> query_number(const http_request& request,
                                                        const std::string& name,
                                                        std::uint32_t least, std::uint32_t most,
                                                        std::uint32_t otherwise);

}  // namespace sonde::ingest
