#include "ingest/http/request_body.hpp"

#include "base/ascii.hpp"
#include "ingest/http/problem.hpp"

#include <fmt/core.h>

#include <charconv>

namespace sonde::ingest {
namespace {

/// Returns the declared media type without parameters; empty if none is declared.
std::string_view media_type(const http_request& request) {
  const auto* type = request.header("content-type");
  if (type == nullptr) return {};
  return ascii::trimmed_right(std::string_view(*type).substr(0, type->find(';')), " ");
}

}  // namespace

std::optional<http_response> refuse_if_not_json(const http_request& request) {
  if (ascii::equal_ignoring_case(media_type(request), "application/json")) return std::nullopt;
  return problem(415,
                 "the body must be declared as Content-Type: application/json, as curl --json does",
                 request.id);
}

std::variant<model::json, http_response> json_body(const http_request& request, std::uint32_t depth,
                                                   std::size_t most_bytes) {
  if (auto refused = refuse_if_not_json(request)) return std::move(*refused);
  if (request.body.size() > most_bytes) {
    return problem(
        413,
        fmt::format("the body is larger than the {} bytes that this request may have", most_bytes),
        request.id);
  }
  auto body = model::parse_json(request.body, depth);
  if (!body) return problem(400, body.error().message(), request.id);
  return std::move(*body);
}

std::optional<http_response> refuse_if_not_lines(const http_request& request) {
  auto type = media_type(request);
  bool lines = ascii::equal_ignoring_case(type, "application/x-ndjson") ||
               ascii::equal_ignoring_case(type, "application/jsonl");
  if (lines) return std::nullopt;
  return problem(415,
                 "the body must be declared as Content-Type: application/x-ndjson or "
                 "application/jsonl, with one scan on each line; a single scan goes to POST "
                 "/api/ingest/v1/scan as application/json",
                 request.id);
}

std::string traceparent_of(const http_request& request) {
  constexpr std::string_view shape = "00-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
  const auto* value = request.header("traceparent");
  if (value == nullptr || value->size() != shape.size()) return {};
  for (std::size_t i = 0; i < shape.size(); ++i) {
    bool hex = std::string_view("0123456789abcdef").find((*value)[i]) != std::string_view::npos;
    if (shape[i] == 'x' ? !hex : (*value)[i] != shape[i]) return {};
  }
  return *value;
}

std::optional<std::uint32_t> query_number(const http_request& request, const std::string& name,
                                          std::uint32_t least, std::uint32_t most,
                                          std::uint32_t otherwise) {
  auto asked = request.query.find(name);
  if (asked == request.query.end()) return otherwise;
  const auto& text = asked->second;
  std::uint32_t value = 0;
  auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  bool whole = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
  if (!whole || value < least || value > most) return std::nullopt;
  return value;
}

}  // namespace sonde::ingest
