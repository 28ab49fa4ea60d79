#include "client/dead_deliveries.hpp"

#include "admin/topic_reads.hpp"
#include "base/utf8.hpp"
#include "client/columns.hpp"
#include "client/errc.hpp"
#include "model/events.hpp"
#include "model/text/field_reader.hpp"
#include "model/webhook/webhook_delivery.hpp"

#include <fmt/core.h>

#include <map>
#include <utility>

namespace sonde::client {
namespace {

using model::json;

constexpr std::uint32_t body_depth = 64;
constexpr std::size_t shown_target_bytes = 60;
constexpr std::size_t shown_reason_bytes = 100;

/// Dead deliveries by partition and offset.
using deliveries_by_place = std::map<std::pair<std::int32_t, std::int64_t>, dead_delivery>;

/// Returns the target of the scan that a message reports.
std::string target_of(const std::string& body) {
  auto event = model::parse_json(body, body_depth);
  if (!event) return {};
  model::field_reader fields(*event);
  model::field_reader data(fields.any("data"));
  return data.text_or("target", {});
}

dead_delivery to_dead_delivery(const queue::stored_record& letter) {
  dead_delivery out;
  out.stood = {letter.what.topic, letter.partition, letter.offset};
  out.abandoned = letter.time;
  out.id = letter.what.key;
  auto why = model::parse_dead_letter(letter.what);
  if (why) {
    out.why = std::move(*why);
  } else {
    out.why.error = why.error().message();
  }
  auto message = model::parse_webhook_message(letter.what.value);
  if (!message) return out;
  out.task = message->task.str();
  out.endpoint = message->hook.endpoint;
  out.target = target_of(message->body);
  return out;
}

/// Reads the letters that have no receipt. A receipt follows its letter in the same partition.
awaitable<result<>> read_letters(queue::backend& queue, deliveries_by_place& into) {
  auto take = [&into](const queue::stored_record& one) {
    if (!model::is_redrive_receipt(one.what)) {
      into[{one.partition, one.offset}] = to_dead_delivery(one);
    } else if (auto offset = model::parse_redrive_receipt(one.what)) {
      into.erase({one.partition, *offset});
    }
  };
  std::string topic = model::topics::webhook_requests_dead;
  co_return co_await admin::read_all(queue, std::move(topic), take);
}

/// Adds the fields that a letter does not contain from the state of its delivery. A redriven
/// delivery has several states, each with its own request.
awaitable<result<>> read_states(queue::backend& queue, deliveries_by_place& into) {
  std::multimap<std::string, dead_delivery*> by_id;
  for (auto& [place, each] : into)
    by_id.emplace(each.id, &each);
  auto take = [&by_id](const queue::stored_record& one) {
    auto [from, to] = by_id.equal_range(one.what.key);
    if (from == to) return;
    auto state = model::parse_webhook_delivery(one.what.value);
    if (!state) return;
    for (auto each = from; each != to; ++each) {
      auto& delivery = *each->second;
      if (delivery.why.from.offset != state->request) continue;
      delivery.attempts = state->attempts;
      delivery.task = state->task.str();
      delivery.endpoint = state->endpoint;
    }
  };
  std::string topic = model::topics::webhook_deliveries;
  co_return co_await admin::read_all(queue, std::move(topic), take);
}

json to_json(const dead_delivery& delivery) {
  json out = {{"letter", model::to_json(delivery.stood)},
              {"time", to_rfc3339(delivery.abandoned)},
              {"key", to_utf8(delivery.id)},
              {"from", model::to_json(delivery.why.from)},
              {"stage", delivery.why.stage},
              {"error", delivery.why.error}};
  if (!delivery.task.empty()) out["task"] = delivery.task;
  if (!delivery.target.empty()) out["target"] = delivery.target;
  if (!delivery.endpoint.empty()) out["endpoint"] = delivery.endpoint;
  if (delivery.attempts) out["attempts"] = *delivery.attempts;
  if (delivery.why.original_bytes) {
    out["truncated"] = {{"bytes", *delivery.why.original_bytes},
                        {"sha256", delivery.why.original_sha256}};
  }
  return out;
}

std::string table_of(const std::vector<dead_delivery>& deliveries) {
  std::vector<std::vector<std::string>> rows = {
      {"LETTER", "TIME", "DELIVERY", "SCAN", "TARGET", "ATTEMPTS", "REASON"}};
  for (const auto& each : deliveries) {
    auto place = fmt::format("{}:{}", each.stood.partition, each.stood.offset);
    auto attempts = each.attempts ? std::to_string(*each.attempts) : std::string("-");
    rows.push_back({std::move(place), to_rfc3339(each.abandoned),
                    cell_of(each.id, shown_target_bytes), cell_of(each.task, shown_target_bytes),
                    cell_of(each.target, shown_target_bytes), std::move(attempts),
                    cell_of(each.why.error, shown_reason_bytes)});
  }
  return in_columns(rows);
}

}  // namespace

awaitable<result<std::vector<dead_delivery>>> read_dead_deliveries(queue::backend& queue) {
  deliveries_by_place found;
  auto letters = co_await read_letters(queue, found);
  if (!letters) co_return letters.error();
  if (!found.empty()) {
    auto states = co_await read_states(queue, found);
    if (!states) co_return states.error();
  }
  std::vector<dead_delivery> out;
  for (auto& [place, each] : found)
    out.push_back(std::move(each));
  co_return out;
}

awaitable<int> list_dead_deliveries(queue::backend& queue, terminal& out) {
  auto found = co_await read_dead_deliveries(queue);
  if (!found) {
    out.complain(found.error().message());
    co_return exit_code::data_folder;
  }
  std::string lines;
  for (const auto& each : *found)
    lines += model::to_text(to_json(each)) + "\n";
  if (!found->empty()) out.print(out.for_people() ? table_of(*found) : lines);
  auto count = found->size();
  out.say(std::to_string(count) + (count == 1 ? " dead letter waits" : " dead letters wait"));
  co_return exit_code::done;
}

}  // namespace sonde::client
