#include "model/webhook/webhook_delivery.hpp"

#include "base/enum_names.hpp"
#include "base/record_size.hpp"
#include "model/events.hpp"
#include "model/scan/task_report.hpp"
#include "model/text/field_reader.hpp"
#include "model/text/fitting.hpp"
#include "model/text/json.hpp"

#include <algorithm>
#include <utility>

namespace sonde::model {

BOOST_DESCRIBE_ENUM(delivery_state, pending, delivered, gone, dead)

namespace {

constexpr std::uint32_t message_depth = 8;

/// Returns the ended generation, with its final state.
task_generation generation_of(const scan_task& task, const pending_delivery& owed) {
  if (task.current.number == owed.generation) return task.current;
  auto past = std::ranges::find(task.history, owed.generation, &task_generation::number);
  if (past != task.history.end()) return *past;
  task_generation forgotten;
  forgotten.number = owed.generation;
  forgotten.id = owed.task;
  forgotten.state = task_state::done;
  return forgotten;
}

/// The limit of a profile, which may be a list of thousands of ports.
constexpr std::size_t short_text_bytes = 128;
constexpr std::size_t delivery_reason_bytes = 2'000;
constexpr std::size_t endpoint_bytes = 1'024;
/// A body is not cut below this size: a report without its results needs it.
constexpr std::size_t least_body_bytes = 2'048;

void cut_field(json& object, const char* name) {
  auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return;
  *found = shortened(found->get_ref<const std::string&>(), short_text_bytes);
}

void drop_requests(json& data) {
  auto rows = data.find("results");
  if (rows == data.end()) return;
  for (auto& row : *rows)
    row.erase("requests");
}

/// Removes the requests of all rows. After that, removes rows from the end until the event is short
/// enough. After that, cuts texts.
void shorten(json& event, std::size_t most_bytes) {
  auto& data = event["data"];
  auto excess = [&] {
    auto size = to_text(event).size();
    return size > most_bytes ? size - most_bytes : 0;
  };
  auto over = excess();
  if (over == 0) return;
  data["truncated"] = true;
  drop_requests(data);
  if (excess() > 0) data.erase("closed");
  over = excess();
  if (data.contains("results")) {
    if (!data.contains("results_total")) data["results_total"] = data["results"].size();
    auto& rows = data["results"].get_ref<json::array_t&>();
    for (over = excess(); over > 0 && !rows.empty(); over = excess()) {
      for (std::size_t gone = 0; gone < over && !rows.empty(); rows.pop_back())
        gone += to_text(rows.back()).size();
    }
  }
  if (over == 0) return;
  cut_field(data, "profile");
  cut_field(data, "ports");
  if (data.contains("outcome")) cut_field(data["outcome"], "reason");
}

}  // namespace

std::string webhook_body(const scan_task& task, const pending_delivery& owed,
                         std::size_t most_bytes) {
  auto generation = generation_of(task, owed);
  json event = {{"type", "scan.completed"},
                {"timestamp", to_rfc3339(generation.ended.value_or(generation.requested))},
                {"data", task_report(task, generation, generation.state)}};
  shorten(event, most_bytes);
  return to_text(event);
}

webhook_message message_of(const scan_task& task, const pending_delivery& owed,
                           std::size_t most_bytes, std::size_t record_bytes) {
  auto generation = generation_of(task, owed);
  webhook_message out{
      owed.id(), owed.task, owed.hook, generation.ended.value_or(generation.requested), {}};
  // The body is a string inside the record's JSON, where its quotes count twice.
  while (true) {
    out.body = webhook_body(task, owed, most_bytes);
    auto size = size_of(to_record(out, task.traceparent));
    if (size <= record_bytes) return out;
    if (most_bytes <= least_body_bytes) break;
    auto less =
        std::min(most_bytes, out.body.size()) - std::min(out.body.size(), size - record_bytes);
    most_bytes = std::max(less, least_body_bytes);
  }
  // The encrypted part was accepted under a higher limit. Without it the message becomes a dead
  // letter.
  out.hook.encrypted.clear();
  out.hook.endpoint = shortened(out.hook.endpoint, endpoint_bytes);
  return out;
}

std::string to_json_text(const webhook_message& message) {
  return to_text({{"id", message.id.str()},
                  {"task", message.task.str()},
                  {"webhook", to_json(message.hook)},
                  {"created", to_rfc3339(message.created)},
                  {"body", message.body}});
}

result<webhook_message> parse_webhook_message(std::string_view text) {
  auto object = parse_json(text, message_depth);
  if (!object) return object.error();
  field_reader fields(*object);
  webhook_message out;
  out.id = delivery_id(fields.text("id"));
  out.task = task_id(fields.text("task"));
  out.created = fields.time("created");
  out.body = fields.text("body");
  if (auto hook = parse_webhook(fields.any("webhook"))) {
    out.hook = std::move(*hook);
  } else {
    fields.refuse("webhook", hook.error().message());
  }
  if (!fields.failed() && out.id != delivery_id_of(out.task, out.hook.id)) {
    fields.refuse("id", "does not follow from task and webhook");
  }
  if (fields.failed()) return fields.first_error();
  return out;
}

std::string_view name_of(delivery_state state) {
  return enum_name(state);
}

std::string to_json_text(const webhook_delivery& delivery) {
  json out = {{"id", delivery.id.str()},
              {"task", delivery.task.str()},
              {"endpoint", shortened(delivery.endpoint, endpoint_bytes)},
              {"request", delivery.request},
              {"created", to_rfc3339(delivery.created)},
              {"state", name_of(delivery.state)},
              {"attempts", delivery.attempts}};
  if (delivery.next_try) out["next_try"] = to_rfc3339(*delivery.next_try);
  if (delivery.last_try) out["last_try"] = to_rfc3339(*delivery.last_try);
  if (delivery.status != 0) out["status"] = delivery.status;
  if (!delivery.reason.empty()) out["reason"] = shortened(delivery.reason, delivery_reason_bytes);
  return to_text(out);
}

result<webhook_delivery> parse_webhook_delivery(std::string_view text) {
  auto object = parse_json(text, message_depth);
  if (!object) return object.error();
  field_reader fields(*object);
  webhook_delivery out;
  out.id = delivery_id(fields.text("id"));
  out.task = task_id(fields.text("task"));
  out.endpoint = fields.text("endpoint");
  out.request = fields.signed_number("request");
  out.created = fields.time("created");
  out.attempts = fields.small_number("attempts");
  out.next_try = fields.time_if_any("next_try");
  out.last_try = fields.time_if_any("last_try");
  if (!fields.any("status").is_null()) out.status = fields.small_number("status");
  out.reason = fields.text_or("reason", {});
  auto state = enum_named<delivery_state>(fields.text("state"));
  if (!state) fields.refuse("state", "not a known value");
  out.state = state.value_or(delivery_state::pending);
  if (fields.failed()) return fields.first_error();
  return out;
}

}  // namespace sonde::model
