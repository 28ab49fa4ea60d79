#include "admin/redrive.hpp"

#include "admin/errc.hpp"
#include "admin/topic_reads.hpp"
#include "base/utf8.hpp"
#include "model/errc.hpp"
#include "model/text/field_reader.hpp"
#include "model/text/text.hpp"
#include "queue/errc.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

namespace sonde::admin {
namespace {

using model::json;

constexpr std::uint32_t order_depth = 2;
/// Maximum number of letters per request: a response is held in memory.
constexpr std::size_t most_letters = 1'000;

using letter_place = std::pair<std::int32_t, std::int64_t>;

/// Returns the dead-letter topic for this name; empty if there is none.
std::string letters_of(const queue::backend& queue, const std::string& asked) {
  for (const auto& spec : queue.topics()) {
    if (!spec.name.ends_with(model::dead_letter_topic({}))) continue;
    if (asked == spec.name || asked == queue.full_name(spec.name)) return spec.name;
    if (model::dead_letter_topic(asked) == spec.name) return spec.name;
  }
  return {};
}

error no_such_topic(const queue::backend& queue, const std::string& asked) {
  std::string known;
  auto suffix = model::dead_letter_topic({});
  for (const auto& spec : queue.topics()) {
    if (!spec.name.ends_with(suffix)) continue;
    known += (known.empty() ? "" : ", ") + spec.name.substr(0, spec.name.size() - suffix.size());
  }
  return fail(
      errc::invalid,
      fmt::format("topic \"{}\" cannot have dead letters; these topics can: {}", asked, known));
}

/// Reads the letters that have no receipt, or the letter that `order.only` names. The oldest of
/// each partition comes first.
awaitable<result<std::vector<queue::stored_record>>> unanswered(queue::backend& queue,
                                                                std::string topic,
                                                                redrive_order order, bool& more) {
  std::set<letter_place> answered;
  auto note = [&answered](const queue::stored_record& one) {
    if (!model::is_redrive_receipt(one.what)) return;
    if (auto offset = model::parse_redrive_receipt(one.what)) {
      answered.emplace(one.partition, *offset);
    }
  };
  auto noted = co_await read_all(queue, topic, note);
  if (!noted) co_return noted.error();
  std::vector<queue::stored_record> out;
  auto take = [&](const queue::stored_record& one) {
    letter_place place{one.partition, one.offset};
    if (model::is_redrive_receipt(one.what) || (order.only && *order.only != place)) return;
    if (!order.only && answered.contains(place)) return;
    if (out.size() < most_letters) {
      out.push_back(one);
    } else {
      more = true;
    }
  };
  auto taken = co_await read_all(queue, topic, take);
  if (!taken) co_return taken.error();
  co_return out;
}

/// Reads the original record of a shortened letter.
awaitable<result<record>> whole_of(queue::backend& queue, const model::dead_letter& why) {
  queue::position place{why.from.topic, why.from.partition, why.from.offset};
  auto original = co_await read_one(queue, std::move(place));
  if (!original) co_return original.error();
  co_return model::restored(original->what, why);
}

/// Returns true if the error concerns this letter only. Other errors are those of the queue.
bool is_refusal(const error& why) {
  return why.code == make_error_code(errc::not_found) ||
         why.code == make_error_code(queue::errc::too_large) ||
         why.code == make_error_code(model::errc::invalid_record);
}

/// Sends the letter to its topic first, then writes the receipt.
awaitable<result<>> send_back(queue::backend& queue, record letter, redriven_letter& told,
                              wall_time now) {
  auto whole = letter;
  if (told.why.original_bytes) {
    auto original = co_await whole_of(queue, told.why);
    if (!original) {
      co_return error{original.error().code,
                      "the dead letter is truncated, and " + original.error().message()};
    }
    whole = std::move(*original);
  }
  std::vector<record> batch{model::to_redriven(std::move(whole), told.why, told.stood)};
  auto went = co_await queue.produce(std::move(batch));
  if (!went) co_return went.error();
  told.went = {went->front().topic, went->front().partition, went->front().offset};
  auto receipt = model::to_redrive_receipt(letter, told.stood, *told.went, now);
  auto written = co_await queue.produce_to(told.stood.partition, std::move(receipt));
  if (!written) co_return written.error();
  co_return result<>();
}

}  // namespace

awaitable<result<redrive_report>> redrive(queue::backend& queue, redrive_order order,
                                          const clock& clock) {
  auto topic = letters_of(queue, order.topic);
  if (topic.empty()) co_return no_such_topic(queue, order.topic);
  redrive_report out;
  auto letters = co_await unanswered(queue, topic, order, out.more);
  if (!letters) co_return letters.error();
  if (order.only && letters->empty()) {
    co_return fail(errc::not_found, fmt::format("there is no dead letter at {}:{} of {}",
                                                order.only->first, order.only->second, topic));
  }
  for (auto& each : *letters) {
    redriven_letter told{{topic, each.partition, each.offset}, each.what.key, {}, std::nullopt, {}};
    auto why = model::parse_dead_letter(each.what);
    if (why) {
      told.why = std::move(*why);
    } else {
      told.why.error = why.error().message();
    }
    if (why && !order.look_only) {
      auto sent = co_await send_back(queue, std::move(each.what), told, clock.now());
      if (!sent && !is_refusal(sent.error())) co_return sent.error();
      if (!sent) told.refused = sent.error().message();
    }
    out.letters.push_back(std::move(told));
  }
  // A letter that was only listed or that stays would be returned again without end.
  auto went = [](const redriven_letter& each) { return each.went.has_value(); };
  out.more = out.more && std::ranges::any_of(out.letters, went);
  co_return out;
}

std::string to_json_text(const redrive_order& order) {
  json out = {{"topic", order.topic}, {"look_only", order.look_only}};
  if (order.only) {
    out["partition"] = order.only->first;
    out["offset"] = order.only->second;
  }
  return model::to_text(out);
}

result<redrive_order> parse_redrive_order(std::string_view text) {
  auto parsed = model::parse_json(text, order_depth);
  if (!parsed) return parsed.error();
  model::field_reader fields(*parsed);
  redrive_order out;
  out.topic = fields.text("topic");
  out.look_only = fields.boolean_or("look_only", false);
  if (parsed->is_object() && parsed->contains("partition")) {
    out.only = {static_cast<std::int32_t>(fields.small_number("partition")),
                fields.signed_number("offset")};
  }
  if (fields.failed()) return fields.first_error();
  return out;
}

json to_json(const redrive_report& report) {
  json letters = json::array();
  for (const auto& each : report.letters) {
    json letter = {{"letter", model::to_json(each.stood)},
                   {"key", to_utf8(each.key)},
                   {"from", model::to_json(each.why.from)},
                   {"stage", each.why.stage},
                   {"error", each.why.error},
                   {"attempts", each.why.attempts}};
    if (each.why.original_bytes) {
      letter["truncated"] = {{"bytes", *each.why.original_bytes},
                             {"sha256", each.why.original_sha256}};
    }
    if (each.went) letter["to"] = model::to_json(*each.went);
    if (!each.refused.empty()) letter["refused"] = each.refused;
    letters.push_back(std::move(letter));
  }
  return {{"letters", std::move(letters)}, {"more", report.more}};
}

}  // namespace sonde::admin
