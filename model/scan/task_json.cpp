// The JSON form of `scan.requests` and `scan.tasks` values.

#include "model/errc.hpp"
#include "model/scan/endpoint_json.hpp"
#include "model/scan/scan_request.hpp"
#include "model/scan/scan_task.hpp"
#include "model/text/field_reader.hpp"
#include "model/text/json.hpp"

#include <limits>

namespace sonde::model {
namespace {

/// Records of this program are flat. The limit bounds the work of the parser for a foreign record.
constexpr std::uint32_t task_depth = 16;

void put_time(json& object, const char* name, const std::optional<wall_time>& time) {
  if (time) object[name] = to_rfc3339(*time);
}

json to_json(const scan_request& request) {
  json out = {{"kind", name_of(request.kind)},
              {"id", request.id().str()},
              {"key", request.key.str()},
              {"target", request.target.text()},
              {"profile", request.profile},
              {"scope", request.visibility},
              {"generation", request.generation},
              {"priority", request.priority},
              {"requested", to_rfc3339(request.requested)}};
  if (!request.ports.empty()) out["ports"] = request.ports;
  if (request.depth) out["depth"] = name_of(*request.depth);
  if (!request.traceparent.empty()) out["traceparent"] = request.traceparent;
  for (const auto& hook : request.webhooks)
    out["webhooks"].push_back(to_json(hook));
  if (!request.by.empty()) out["by"] = request.by;
  if (request.cancelled) out["cancelled"] = true;
  if (!request.refused.empty()) out["refused"] = request.refused;
  return out;
}

/// Reads an optional depth.
std::optional<scan_depth> read_depth_if_any(field_reader& fields) {
  auto name = fields.text_or("depth", {});
  if (name.empty()) return std::nullopt;
  auto depth = read_depth(name);
  if (!depth) fields.refuse("depth", "not a known value");
  return depth;
}

target read_target(field_reader& fields) {
  auto parsed = target::parse(fields.text("target"));
  if (!parsed) {
    fields.refuse("target", parsed.error().message());
    return {};
  }
  return *parsed;
}

int read_priority(field_reader& fields) {
  auto value = fields.signed_number("priority");
  if (value < lowest_priority || value > highest_priority) fields.refuse("priority", "too large");
  return static_cast<int>(value);
}

result<scan_request> read_request(const json& object) {
  field_reader fields(object);
  scan_request out;
  // The first version wrote only one kind, and omitted the field for it.
  auto kind = read_request_kind(fields.text_or("kind", "schedule"));
  if (!kind) fields.refuse("kind", "not a known value");
  out.kind = kind.value_or(request_kind::schedule);
  out.target = read_target(fields);
  out.profile = fields.text("profile");
  out.ports = fields.text_or("ports", {});
  out.depth = read_depth_if_any(fields);
  out.visibility = fields.texts("scope");
  out.generation = fields.number("generation");
  out.priority = read_priority(fields);
  out.requested = fields.time("requested");
  out.traceparent = fields.text_or("traceparent", {});
  out.webhooks = read_list(fields, "webhooks", parse_webhook);
  out.by = fields.text_or("by", {});
  out.cancelled = fields.boolean_or("cancelled", false);
  out.refused = fields.text_or("refused", {});
  out.key = target_key(fields.text("key"));
  if (out.generation == 0) fields.refuse("generation", "counts from 1");
  // A refused request may have an unreadable target. It is never scanned.
  if (!fields.failed() && out.refused.empty() &&
      out.key != key_of(out.target, out.profile, out.visibility)) {
    fields.refuse("key", "does not follow from target, profile and scope");
  }
  if (fields.failed()) return fields.first_error();
  return out;
}

json to_json(const task_generation& g) {
  json out = {{"generation", g.number},
              {"id", g.id.str()},
              {"state", name_of(g.state)},
              {"requested", to_rfc3339(g.requested)}};
  put_time(out, "started", g.started);
  put_time(out, "ended", g.ended);
  if (g.outcome) {
    out["outcome"] = name_of(g.outcome->kind);
    out["reason"] = g.outcome->reason;
  }
  return out;
}

result<task_generation> read_generation(const json& object) {
  field_reader fields(object);
  task_generation out;
  out.number = fields.number("generation");
  out.id = task_id(fields.text("id"));
  out.requested = fields.time("requested");
  out.started = fields.time_if_any("started");
  out.ended = fields.time_if_any("ended");
  auto state = read_task_state(fields.text("state"));
  if (!state) fields.refuse("state", "not a known value");
  out.state = state.value_or(task_state::queued);
  if (auto name = fields.text_or("outcome", {}); !name.empty()) {
    auto kind = read_outcome_kind(name);
    if (!kind) fields.refuse("outcome", "not a known value");
    out.outcome = outcome{kind.value_or(outcome_kind::partial), fields.text("reason")};
  }
  if (is_terminal(out.state) && out.state != task_state::cancelled && !out.outcome) {
    fields.refuse("outcome", "missing from an ended task");
  }
  if (fields.failed()) return fields.first_error();
  return out;
}

json to_json(const past_endpoint& one) {
  json out = {{"endpoint", one.endpoint},
              {"service", one.service.str()},
              {"last_open", to_rfc3339(one.last_open)}};
  if (one.closed) out["closed"] = true;
  return out;
}

result<past_endpoint> read_past(const json& object) {
  field_reader fields(object);
  past_endpoint out;
  out.endpoint = fields.text("endpoint");
  out.service = entity_id(fields.text("service"));
  out.last_open = fields.time("last_open");
  out.closed = fields.boolean_or("closed", false);
  if (fields.failed()) return fields.first_error();
  return out;
}

result<produced_position> read_position(const json& object) {
  field_reader fields(object);
  produced_position out;
  out.topic = fields.text("topic");
  out.partition = static_cast<std::int32_t>(fields.small_number("partition"));
  out.offset = fields.signed_number("offset");
  if (fields.failed()) return fields.first_error();
  return out;
}

result<pending_delivery> read_pending(const json& object) {
  field_reader fields(object);
  pending_delivery out;
  out.generation = fields.number("generation");
  out.task = task_id(fields.text("id"));
  auto hook = parse_webhook(fields.any("webhook"));
  if (!hook) fields.refuse("webhook", hook.error().message());
  if (fields.failed()) return fields.first_error();
  out.hook = std::move(*hook);
  return out;
}

std::map<std::string, sweep_cursor> read_cursors(field_reader& fields) {
  std::map<std::string, sweep_cursor> out;
  const auto& cursors = fields.any("cursors");
  if (!cursors.is_object()) return out;
  for (const auto& [address, value] : cursors.items()) {
    field_reader one(value);
    out[address] = {one.small_number("index"), one.text_or("open", {}), one.text_or("silent", {}),
                    one.boolean_or("answered", false)};
    if (one.failed()) fields.refuse("cursors", one.first_error().message());
  }
  return out;
}

void put_webhooks(json& out, const scan_task& task) {
  for (const auto& hook : task.webhooks)
    out["webhooks"].push_back(to_json(hook));
  for (const auto& owed : task.pending) {
    out["pending"].push_back({{"generation", owed.generation},
                              {"id", owed.task.str()},
                              {"webhook", to_json(owed.hook)}});
  }
}

json cursors_json(const scan_task& task) {
  json out = json::object();
  for (const auto& [address, cursor] : task.cursors) {
    out[address] = {{"index", cursor.index},
                    {"open", cursor.open},
                    {"silent", cursor.silent},
                    {"answered", cursor.answered}};
  }
  return out;
}

}  // namespace

std::string to_json_text(const scan_request& request) {
  return to_text(to_json(request));
}

result<scan_request> parse_scan_request(std::string_view text) {
  auto object = parse_json(text, task_depth);
  if (!object) return object.error();
  return read_request(*object);
}

std::string to_json_text(const scan_task& task) {
  json out = {{"key", task.key.str()},
              {"target", task.target.text()},
              {"profile", task.profile},
              {"scope", task.visibility},
              {"priority", task.priority},
              {"epoch", task.version.epoch},
              {"revision", task.version.revision},
              {"folded", task.folded},
              {"current", to_json(task.current)},
              {"attempt", task.attempt},
              {"stalled", task.stalled},
              {"progress",
               {{"planned", task.progress.planned},
                {"done", task.progress.done},
                {"open", task.progress.open},
                {"identified", task.progress.identified}}}};
  if (!task.ports.empty()) out["ports"] = task.ports;
  if (task.depth) out["depth"] = name_of(*task.depth);
  if (!task.traceparent.empty()) out["traceparent"] = task.traceparent;
  if (task.next) out["next"] = to_json(*task.next);
  if (!task.cursors.empty()) out["cursors"] = cursors_json(task);
  for (const auto& g : task.history)
    out["history"].push_back(to_json(g));
  for (const auto& r : task.results)
    out["results"].push_back(to_json(r));
  if (task.results_total > 0) out["results_total"] = task.results_total;
  if (task.requests_omitted) out["requests_omitted"] = true;
  for (const auto& one : task.past)
    out["past"].push_back(to_json(one));
  for (const auto& p : task.produced) {
    out["produced"].push_back(
        {{"topic", p.topic}, {"partition", p.partition}, {"offset", p.offset}});
  }
  put_webhooks(out, task);
  if (!task.cancelled_by.empty()) out["cancelled_by"] = task.cancelled_by;
  return to_text(out);
}

result<scan_task> parse_scan_task(std::string_view text) {
  auto object = parse_json(text, task_depth);
  if (!object) return object.error();
  field_reader fields(*object);
  scan_task out;
  out.key = target_key(fields.text("key"));
  out.target = read_target(fields);
  out.profile = fields.text("profile");
  out.ports = fields.text_or("ports", {});
  out.depth = read_depth_if_any(fields);
  out.visibility = fields.texts("scope");
  out.priority = read_priority(fields);
  out.traceparent = fields.text_or("traceparent", {});
  out.version = {fields.number("epoch"), fields.number("revision")};
  out.folded = fields.signed_number("folded");
  out.attempt = fields.small_number("attempt");
  out.stalled = fields.small_number("stalled");
  if (auto current = read_generation(fields.any("current"))) {
    out.current = std::move(*current);
  } else {
    fields.refuse("current", current.error().message());
  }
  if (const auto& next = fields.any("next"); !next.is_null()) {
    auto request = read_request(next);
    if (request) out.next = std::move(*request);
    if (!request) fields.refuse("next", request.error().message());
  }
  field_reader progress(fields.any("progress"));
  out.progress = {progress.small_number("planned"), progress.small_number("done"),
                  progress.small_number("open"), 0};
  out.progress.identified = progress.small_number_or("identified", out.progress.open);
  if (progress.failed()) fields.refuse("progress", progress.first_error().message());
  out.cursors = read_cursors(fields);
  out.history = read_list(fields, "history", read_generation);
  out.results = read_list(fields, "results", read_endpoint);
  out.past = read_list(fields, "past", read_past);
  out.produced = read_list(fields, "produced", read_position);
  out.webhooks = read_list(fields, "webhooks", parse_webhook);
  out.pending = read_list(fields, "pending", read_pending);
  out.cancelled_by = fields.text_or("cancelled_by", {});
  out.requests_omitted = fields.boolean_or("requests_omitted", false);
  if (!fields.any("results_total").is_null()) {
    out.results_total = fields.small_number("results_total");
  }
  if (fields.failed()) return fields.first_error();
  return out;
}

}  // namespace sonde::model
