#include "model/cached_response.hpp"

#include "base/enum_names.hpp"
#include "model/text/field_reader.hpp"
#include "model/text/json.hpp"

#include <algorithm>

namespace sonde::model {

BOOST_DESCRIBE_ENUM(cached_response::kind, answered, begun, released)

namespace {

constexpr std::uint32_t answer_depth = 2;

bool is_digest(std::string_view text) {
  constexpr std::size_t digits = 64;
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == text.npos;
}

/// Accepts printable ASCII: valid in a header line, without line ends.
bool is_header_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

void check(const cached_response& answer, field_reader& fields) {
  if (!is_digest(answer.id)) fields.refuse("id", "not a SHA-256");
  if (!is_digest(answer.request)) fields.refuse("request", "not a SHA-256");
  if (answer.what != cached_response::kind::answered) return;
  if (answer.status < 200 || answer.status > 299) fields.refuse("status", "not one of success");
  if (!is_header_text(answer.content_type)) fields.refuse("content_type", "not a media type");
}

}  // namespace

std::string_view name_of(cached_response::kind what) {
  return enum_name(what);
}

std::string to_json_text(const cached_response& answer) {
  json out = {{"id", answer.id},
              {"request", answer.request},
              {"by", answer.by},
              {"state", name_of(answer.what)},
              {"time", to_rfc3339(answer.time)}};
  if (answer.what == cached_response::kind::answered) {
    out["status"] = answer.status;
    out["body"] = answer.body;
    if (!answer.content_type.empty()) out["content_type"] = answer.content_type;
  }
  return to_text(out);
}

result<cached_response> parse_cached_response(std::string_view text) {
  auto object = parse_json(text, answer_depth);
  if (!object) return object.error();
  field_reader fields(*object);
  cached_response out;
  out.id = fields.text("id");
  out.request = fields.text("request");
  out.by = fields.text("by");
  out.time = fields.time("time");
  auto what = enum_named<cached_response::kind>(fields.text("state"));
  if (!what) fields.refuse("state", "not a known value");
  out.what = what.value_or(cached_response::kind::answered);
  if (out.what == cached_response::kind::answered) {
    out.status = fields.small_number("status");
    out.body = fields.text("body");
    out.content_type = fields.text_or("content_type", {});
  }
  check(out, fields);
  if (fields.failed()) return fields.first_error();
  return out;
}

}  // namespace sonde::model
