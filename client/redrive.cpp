#include "client/redrive.hpp"

#include "client/errc.hpp"
#include "client/topic_reads.hpp"
#include "model/errc.hpp"
#include "model/field_reader.hpp"
#include "model/text.hpp"
#include "queue/errc.hpp"

#include <algorithm>
#include <set>

namespace sonde::client {
namespace {

using model::json;

constexpr std::uint32_t order_depth = 2;
/// In one go: an answer is held in memory.
constexpr std::size_t most_letters = 1'000;

using letter_place = std::pair<std::int32_t, std::int64_t>;

/// The topic of the dead letters; empty where there is none of this name.
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
  return fail(errc::usage,
              "topic \"" + asked + "\" has no dead letters; those that can have: " + known);
}

/// Letters that have no receipt, the oldest of each partition first.
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

/// The record that a shortened letter was made from.
awaitable<result<record>> whole_of(queue::backend& queue, const model::dead_letter& why) {
  queue::position place{why.from.topic, why.from.partition, why.from.offset};
  auto original = co_await read_one(queue, std::move(place));
  if (!original) co_return original.error();
  co_return model::restored(original->what, why);
}

/// Errors that say that this letter cannot go back; others are the queue's.
bool is_refusal(const error& why) {
  return why.code == make_error_code(errc::not_found) ||
         why.code == make_error_code(queue::errc::too_large) ||
         why.code == make_error_code(model::errc::invalid_record);
}

/// Back to its topic first, then the receipt.
awaitable<result<>> send_back(queue::backend& queue, record letter, redriven_letter& told,
                              wall_time now) {
  auto whole = letter;
  if (told.why.original_bytes) {
    auto original = co_await whole_of(queue, told.why);
    if (!original) {
      co_return error{original.error().code,
                      "the letter was shortened, and " + original.error().message()};
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

/// One letter, on a line for people.
std::string line_of(const json& letter) {
  auto place = [](const json& at) {
    return std::to_string(at.at("partition").get<std::int32_t>()) + ":" +
           std::to_string(at.at("offset").get<std::int64_t>());
  };
  auto line = place(letter.at("letter")) + "  " +
              model::first_line(letter.at("error").get<std::string>(), 100);
  if (letter.contains("refused")) {
    line += "  stays: " + letter.at("refused").get<std::string>();
  }
  if (letter.contains("to")) {
    line += "  → " + letter.at("to").at("topic").get<std::string>() + " " + place(letter.at("to"));
  }
  return line + "\n";
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
    co_return fail(errc::not_found, "there is no dead letter at " +
                                        std::to_string(order.only->first) + ":" +
                                        std::to_string(order.only->second) + " of " + topic);
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
  // What was only looked at, or cannot go back, would come again for ever.
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
  if (fields.failed()) return fields.trouble();
  return out;
}

json to_json(const redrive_report& report) {
  json letters = json::array();
  for (const auto& each : report.letters) {
    json letter = {{"letter", model::to_json(each.stood)},
                   {"key", model::to_utf8(each.key)},
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

awaitable<int> run_redrive(redrive_function ask, redrive_order order, terminal& out) {
  std::size_t sent = 0;
  std::size_t kept = 0;
  bool more = true;
  while (more) {
    auto report = co_await ask(order);
    if (!report) {
      out.complain(report.error().message());
      co_return exit_code_of(report.error());
    }
    std::string text;
    for (const auto& letter : report->at("letters")) {
      ++(letter.contains("to") ? sent : kept);
      text += out.for_people() ? line_of(letter) : model::to_text(letter) + "\n";
    }
    out.print(text);
    more = report->at("more").get<bool>() && !out.failed();
  }
  if (order.look_only) {
    out.say(std::to_string(kept) + (kept == 1 ? " dead letter waits" : " dead letters wait"));
  } else {
    out.say(std::to_string(sent) + " dead letters sent back" +
            (kept > 0 ? ", " + std::to_string(kept) + " that cannot be" : ""));
  }
  co_return exit_code::done;
}

}  // namespace sonde::client
