#include "model/webhook_delivery.hpp"

#include "model/field_reader.hpp"
#include "model/json.hpp"
#include "model/task_report.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sonde::model {
namespace {

constexpr std::uint32_t message_depth = 8;

constexpr std::array<std::string_view, 4> delivery_states = {"pending", "delivered", "gone",
                                                             "dead"};

/// The generation that ended, with the state that it ended in.
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

/// Takes rows away from the end until the whole is short enough.
void shorten(json& event, std::size_t most_bytes) {
  auto& data = event["data"];
  if (!data.contains("results")) return;
  auto all = data["results"].size();
  auto excess = [&] {
    auto size = to_text(event).size();
    return size > most_bytes ? size - most_bytes : 0;
  };
  for (auto over = excess(); over > 0 && !data["results"].empty(); over = excess()) {
    data["truncated"] = true;
    if (!data.contains("results_total")) data["results_total"] = all;
    auto& rows = data["results"].get_ref<json::array_t&>();
    for (std::size_t gone = 0; gone < over && !rows.empty(); rows.pop_back())
      gone += to_text(rows.back()).size();
  }
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
                           std::size_t most_bytes) {
  auto generation = generation_of(task, owed);
  return {owed.id(), owed.task, owed.hook, generation.ended.value_or(generation.requested),
          webhook_body(task, owed, most_bytes)};
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
  if (fields.failed()) return fields.trouble();
  return out;
}

std::string_view name_of(delivery_state state) {
  return delivery_states[static_cast<std::size_t>(state)];
}

std::string to_json_text(const webhook_delivery& delivery) {
  json out = {{"id", delivery.id.str()},
              {"task", delivery.task.str()},
              {"endpoint", delivery.endpoint},
              {"request", delivery.request},
              {"created", to_rfc3339(delivery.created)},
              {"state", name_of(delivery.state)},
              {"attempts", delivery.attempts}};
  if (delivery.next_try) out["next_try"] = to_rfc3339(*delivery.next_try);
  if (delivery.last_try) out["last_try"] = to_rfc3339(*delivery.last_try);
  if (delivery.status != 0) out["status"] = delivery.status;
  if (!delivery.reason.empty()) out["reason"] = delivery.reason;
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
  auto state = std::ranges::find(delivery_states, fields.text("state"));
  if (state == delivery_states.end()) {
    fields.refuse("state", "not one that is known here");
  } else {
    out.state = static_cast<delivery_state>(state - delivery_states.begin());
  }
  if (fields.failed()) return fields.trouble();
  return out;
}

}  // namespace sonde::model
