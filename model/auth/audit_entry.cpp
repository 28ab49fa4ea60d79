#include "model/auth/audit_entry.hpp"

#include "model/text/field_reader.hpp"
#include "model/text/json.hpp"

namespace sonde::model {
namespace {

constexpr std::uint32_t entry_depth = 4;
constexpr unsigned highest_status = 599;

void put_text(json& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

}  // namespace

std::string_view result_of(const audit_entry& entry) {
  if (!entry.accepted()) return "refused";
  return entry.partial ? "partial" : "accepted";
}

std::string to_json_text(const audit_entry& entry) {
  json out = {{"time", to_rfc3339(entry.time)}, {"request", entry.request},
              {"client", entry.client},         {"action", entry.action},
              {"status", entry.status},         {"result", result_of(entry)}};
  put_text(out, "key", entry.key);
  put_text(out, "user", entry.user);
  put_text(out, "object", entry.object);
  put_text(out, "target", entry.target);
  put_text(out, "reason", entry.reason);
  if (entry.left_out > 0) out["left_out"] = entry.left_out;
  return to_text(out);
}

result<audit_entry> parse_audit_entry(std::string_view text) {
  auto object = parse_json(text, entry_depth);
  if (!object) return object.error();
  field_reader fields(*object);
  audit_entry out;
  out.time = fields.time("time");
  out.request = fields.text("request");
  out.client = fields.text("client");
  out.key = fields.text_or("key", {});
  out.user = fields.text_or("user", {});
  out.action = fields.text("action");
  out.object = fields.text_or("object", {});
  out.target = fields.text_or("target", {});
  out.status = fields.small_number("status");
  auto told = fields.text("result");
  out.partial = told == "partial";
  out.reason = fields.text_or("reason", {});
  if (!fields.any("left_out").is_null()) out.left_out = fields.number("left_out");
  if (told != result_of(out)) fields.refuse("result", "does not match the status");
  if (out.status > highest_status) fields.refuse("status", "is not a status of HTTP");
  if (fields.failed()) return fields.first_error();
  return out;
}

}  // namespace sonde::model
