#include "model/kept_answer.hpp"

#include "model/field_reader.hpp"
#include "model/json.hpp"

#include <algorithm>
#include <array>

namespace sonde::model {
namespace {

constexpr std::uint32_t answer_depth = 2;
constexpr std::array<std::string_view, 3> answer_kinds = {"answered", "begun", "released"};

bool is_digest(std::string_view text) {
  constexpr std::size_t digits = 64;
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == text.npos;
}

/// Printable ASCII: what may stand in a header line, and nothing that ends one.
bool is_header_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

void check(const kept_answer& answer, field_reader& fields) {
  if (!is_digest(answer.id)) fields.refuse("id", "not a SHA-256");
  if (!is_digest(answer.request)) fields.refuse("request", "not a SHA-256");
  if (answer.what != kept_answer::kind::answered) return;
  if (answer.status < 200 || answer.status > 299) fields.refuse("status", "not one of success");
  if (!is_header_text(answer.content_type)) fields.refuse("content_type", "not a media type");
}

}  // namespace

std::string_view name_of(kept_answer::kind what) {
  return answer_kinds[static_cast<std::size_t>(what)];
}

std::string to_json_text(const kept_answer& answer) {
  json out = {{"id", answer.id},
              {"request", answer.request},
              {"by", answer.by},
              {"state", name_of(answer.what)},
              {"time", to_rfc3339(answer.time)}};
  if (answer.what == kept_answer::kind::answered) {
    out["status"] = answer.status;
    out["body"] = answer.body;
    if (!answer.content_type.empty()) out["content_type"] = answer.content_type;
  }
  return to_text(out);
}

result<kept_answer> parse_kept_answer(std::string_view text) {
  auto object = parse_json(text, answer_depth);
  if (!object) return object.error();
  field_reader fields(*object);
  kept_answer out;
  out.id = fields.text("id");
  out.request = fields.text("request");
  out.by = fields.text("by");
  out.time = fields.time("time");
  auto what = std::ranges::find(answer_kinds, fields.text("state"));
  if (what == answer_kinds.end()) {
    fields.refuse("state", "not one that is known here");
  } else {
    out.what = static_cast<kept_answer::kind>(what - answer_kinds.begin());
  }
  if (out.what == kept_answer::kind::answered) {
    out.status = fields.small_number("status");
    out.body = fields.text("body");
    out.content_type = fields.text_or("content_type", {});
  }
  check(out, fields);
  if (fields.failed()) return fields.trouble();
  return out;
}

}  // namespace sonde::model
