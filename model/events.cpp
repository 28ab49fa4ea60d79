#include "model/events.hpp"

#include "model/text/field_reader.hpp"

namespace sonde::model {
namespace {

/// The suffix of record keys for uses of a key.
constexpr std::string_view use_suffix = "/use";
constexpr std::uint32_t event_depth = 4;
constexpr std::string_view lease_prefix = "claim-";

struct envelope {
  std::string id;
  const char* source;
  const char* type;
  wall_time time;
  std::string subject;
  std::string traceparent;
};

record_headers headers_of(envelope event) {
  record_headers out;
  out.reserve(9);
  out.emplace_back("content-type", "application/json");
  out.emplace_back("ce_specversion", "1.0");
  out.emplace_back("ce_id", std::move(event.id));
  out.emplace_back("ce_source", event.source);
  out.emplace_back("ce_type", event.type);
  out.emplace_back("ce_time", to_rfc3339(event.time));
  out.emplace_back("ce_subject", std::move(event.subject));
  if (!event.traceparent.empty()) out.emplace_back("traceparent", std::move(event.traceparent));
  return out;
}

constexpr const char* from_ingest = "/sonde/ingest";
constexpr const char* from_scanner = "/sonde/scanner";
constexpr const char* from_webhook = "/sonde/webhook";

/// Numbers the facts of a scan by task and attempt.
std::string finding_id(const provenance& from, std::uint32_t attempt, const std::string& id) {
  auto task = from.task ? from.task->str() : std::string();
  return task + "/" + std::to_string(attempt) + "/" + id;
}

record record_of(const entity& entity, std::string event_id, const char* source,
                 const std::string& traceparent) {
  envelope event{std::move(event_id), source,          "sonde.entity.v1",
                 entity.from.time,    entity.id.str(), traceparent};
  return {topics::entities, entity.id.str(), to_json_text(entity), headers_of(std::move(event))};
}

record record_of(const association& association, std::string event_id, const char* source,
                 const std::string& traceparent) {
  envelope event{std::move(event_id),           source,
                 "sonde.association.v1",        association.from.time,
                 association.from_entity.str(), traceparent};
  return {topics::associations, association.id.str(), to_json_text(association),
          headers_of(std::move(event))};
}

}  // namespace

record to_record(const scan_request& request, const std::string& request_id, std::size_t number) {
  envelope event{request_id + "/" + std::to_string(number),
                 from_ingest,
                 "sonde.scan.request.v1",
                 request.requested,
                 request.target.text(),
                 request.traceparent};
  return {topics::scan_requests, request.key.str(), to_json_text(request),
          headers_of(std::move(event)), request.kind == request_kind::cancel};
}

record to_record(const scan_task& task, wall_time now) {
  auto epoch = std::to_string(task.version.epoch);
  envelope event{task.current.id.str() + "/" + epoch + "." + std::to_string(task.version.revision),
                 from_scanner,
                 "sonde.scan.task.v1",
                 now,
                 task.target.text(),
                 task.traceparent};
  auto headers = headers_of(std::move(event));
  headers.emplace_back(epoch_header, epoch);
  // A snapshot of a running scan can wait. A queued or ended scan cannot wait: an owner that folds
  // a cancellation must first fold the records before it.
  bool urgent = task.current.state != task_state::running || !task.cancelled_by.empty();
  return {topics::scan_tasks, task.key.str(), to_json_text(task), std::move(headers), urgent};
}

record to_record(const entity& entity, std::uint32_t attempt, const std::string& traceparent) {
  return record_of(entity, finding_id(entity.from, attempt, entity.id.str()), from_scanner,
                   traceparent);
}

record to_record(const association& association, std::uint32_t attempt,
                 const std::string& traceparent) {
  return record_of(association, finding_id(association.from, attempt, association.id.str()),
                   from_scanner, traceparent);
}

record to_record(const entity& entity, std::string event_id, const std::string& traceparent) {
  return record_of(entity, std::move(event_id), from_ingest, traceparent);
}

record to_record(const association& association, std::string event_id,
                 const std::string& traceparent) {
  return record_of(association, std::move(event_id), from_ingest, traceparent);
}

record to_record(const comment& comment, std::string event_id, const std::string& traceparent) {
  envelope event{std::move(event_id), from_ingest,          "sonde.comment.v1",
                 comment.from.time,   comment.entity.str(), traceparent};
  return {topics::comments, comment.id.str(), to_json_text(comment), headers_of(std::move(event))};
}

record to_record(const credential& key) {
  envelope event{key.id.str() + (key.revoked ? "/revoked" : "/made"),
                 from_ingest,
                 "sonde.credential.v1",
                 key.revoked.value_or(key.created),
                 key.id.str(),
                 {}};
  return {topics::credentials, key.id.str(), to_json_text(key), headers_of(std::move(event)),
          key.revoked.has_value()};
}

record to_record(const key_use& use) {
  auto key = use.id.str() + std::string(use_suffix);
  envelope event{use.id.str() + "/used/" + to_rfc3339(use.at),
                 from_ingest,
                 "sonde.credential.use.v1",
                 use.at,
                 use.id.str(),
                 {}};
  return {topics::credentials, std::move(key), to_json_text(use), headers_of(std::move(event))};
}

bool is_key_use(const record& record) {
  return record.key.ends_with(use_suffix);
}

record to_record(const audit_entry& entry) {
  envelope event{
      entry.request + "/audit", from_ingest, "sonde.audit.v1", entry.time, entry.action, {}};
  return {topics::audit, entry.user.empty() ? entry.client : entry.user, to_json_text(entry),
          headers_of(std::move(event))};
}

record to_record(const cached_response& answer) {
  envelope event{answer.by + "/" + std::string(name_of(answer.what)),
                 from_ingest,
                 "sonde.idempotency.v1",
                 answer.time,
                 answer.by,
                 {}};
  return {topics::idempotency, answer.id, to_json_text(answer), headers_of(std::move(event))};
}

record to_record(const webhook_message& message, const std::string& traceparent) {
  envelope event{message.id.str(), from_scanner,       "sonde.webhook.request.v1",
                 message.created,  message.task.str(), traceparent};
  return {topics::webhook_requests, message.id.str(), to_json_text(message),
          headers_of(std::move(event))};
}

record to_record(const webhook_delivery& delivery, wall_time now) {
  envelope event{delivery.id.str() + "/" + std::string(name_of(delivery.state)) + "/" +
                     std::to_string(delivery.attempts) + "/" + to_rfc3339(now),
                 from_webhook,
                 "sonde.webhook.delivery.v1",
                 now,
                 delivery.task.str(),
                 {}};
  return {topics::webhook_deliveries, delivery.id.str(), to_json_text(delivery),
          headers_of(std::move(event))};
}

record to_record(const progress_event& event) {
  json value = {{"key", event.key.str()},
                {"id", event.id.str()},
                {"planned", event.progress.planned},
                {"done", event.progress.done},
                {"open", event.progress.open},
                {"identified", event.progress.identified},
                {"time", to_rfc3339(event.time)}};
  envelope headers{event.id.str() + "/" + to_rfc3339(event.time),
                   from_scanner,
                   "sonde.scan.progress.v1",
                   event.time,
                   event.id.str(),
                   {}};
  return {topics::scan_progress, event.key.str(), to_text(value), headers_of(std::move(headers))};
}

result<progress_event> parse_progress_event(std::string_view text) {
  auto object = parse_json(text, event_depth);
  if (!object) return object.error();
  field_reader fields(*object);
  progress_event out;
  out.key = target_key(fields.text("key"));
  out.id = task_id(fields.text("id"));
  out.progress.planned = fields.small_number("planned");
  out.progress.done = fields.small_number("done");
  out.progress.open = fields.small_number("open");
  // Earlier versions did not count them.
  out.progress.identified = fields.small_number_or("identified", out.progress.open);
  out.time = fields.time("time");
  if (fields.failed()) return fields.first_error();
  return out;
}

record to_record(const lease& lease) {
  json value = {
      {"owner", lease.owner}, {"partition", lease.partition}, {"time", to_rfc3339(lease.time)}};
  envelope event{lease.owner + "/" + std::to_string(lease.partition) + "/" + to_rfc3339(lease.time),
                 from_scanner,
                 "sonde.scan.claim.v1",
                 lease.time,
                 lease.owner,
                 {}};
  return {topics::scan_tasks, std::string(lease_prefix) + std::to_string(lease.partition),
          to_text(value), headers_of(std::move(event)), true};
}

bool is_lease(const record& record) {
  return record.key.starts_with(lease_prefix);
}

result<lease> parse_lease(std::string_view text) {
  auto object = parse_json(text, event_depth);
  if (!object) return object.error();
  field_reader fields(*object);
  lease out;
  out.owner = fields.text("owner");
  out.partition = static_cast<std::int32_t>(fields.small_number("partition"));
  out.time = fields.time("time");
  if (fields.failed()) return fields.first_error();
  return out;
}

}  // namespace sonde::model
