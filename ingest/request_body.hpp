#pragma once

#include "ingest/http_message.hpp"
#include "model/json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace sonde::ingest {

/// The JSON of a request's body, or the answer that refuses it: 415 where it is not declared as
/// JSON, as a web page can make a browser send anything else without asking first; 400 where it is
/// none.
///
/// It is parsed here, so the body of a request that needs no more is at most `most_bytes`; 413
/// beyond it.
[[nodiscard]] std::variant<model::json, http_response> json_body(const http_request& request,
                                                                 std::uint32_t depth,
                                                                 std::size_t most_bytes);

/// The answer that refuses a body which is not declared as JSON: 415, for that reason.
[[nodiscard]] std::optional<http_response> refuse_if_not_json(const http_request& request);

/// The answer that refuses a body which is not declared as one JSON value a line: 415, for the same
/// reason.
[[nodiscard]] std::optional<http_response> refuse_if_not_lines(const http_request& request);

/// The request's `traceparent` (W3C Trace Context, section 3.2), where it is one of version 00;
/// nothing otherwise.
[[nodiscard]] std::string traceparent_of(const http_request& request);

/// A number of the query between these bounds; `otherwise` where it is not given; nothing where it
/// is something else.
[[nodiscard]] std::optional<std::uint32_t> query_number(const http_request& request,
                                                        const std::string& name,
                                                        std::uint32_t least, std::uint32_t most,
                                                        std::uint32_t otherwise);

}  // namespace sonde::ingest
