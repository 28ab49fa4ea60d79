#include "model/dead_letter.hpp"

#include "base/hash.hpp"
#include "base/record_size.hpp"
#include "model/errc.hpp"
#include "model/text/field_reader.hpp"
#include "model/text/text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace sonde::model {
namespace {

constexpr const char* topic_header = "sonde_dead_topic";
constexpr const char* partition_header = "sonde_dead_partition";
constexpr const char* offset_header = "sonde_dead_offset";
constexpr const char* stage_header = "sonde_dead_stage";
constexpr const char* error_header = "sonde_dead_error";
constexpr const char* attempts_header = "sonde_dead_attempts";
constexpr const char* bytes_header = "sonde_dead_bytes";
constexpr const char* sha256_header = "sonde_dead_sha256";
constexpr const char* redriven_header = "sonde_redriven";
constexpr const char* type_header = "ce_type";
constexpr const char* receipt_type = "sonde.redrive.v1";
constexpr std::uint32_t receipt_depth = 4;
/// The limit of a reason. A sentence that quotes a caller's text may be longer.
constexpr std::size_t letter_reason_bytes = 2'000;
/// The limit of a key or a header in a shortened letter.
constexpr std::size_t kept_bytes = 4'096;
constexpr std::size_t kept_headers = 32;

template <class Number>
bool read_number(const std::string* text, Number& out) {
  if (text == nullptr) return false;
  const auto* end = text->data() + text->size();
  auto parsed = std::from_chars(text->data(), end, out);
  return parsed.ec == std::errc{} && parsed.ptr == end;
}

void drop_headers(record& of, std::string_view prefix) {
  std::erase_if(of.headers, [&](const auto& each) { return each.first.starts_with(prefix); });
}

/// Removes headers and cuts the key if they alone could fill a letter.
void bound_frame(record& letter) {
  if (letter.key.size() > kept_bytes) letter.key.resize(kept_bytes);
  std::erase_if(letter.headers, [](const auto& each) {
    return each.first.size() + each.second.size() > kept_bytes;
  });
  // The headers of the letter itself are the last ones.
  if (letter.headers.size() > kept_headers) {
    auto surplus = static_cast<std::ptrdiff_t>(letter.headers.size() - kept_headers);
    letter.headers.erase(letter.headers.begin(), letter.headers.begin() + surplus);
  }
}

/// Cuts the value of a letter that is larger than `most_bytes`, and records this in its headers.
void shorten(record& letter, std::size_t most_bytes) {
  if (size_of(letter) <= most_bytes) return;
  letter.headers.emplace_back(bytes_header, std::to_string(letter.value.size()));
  letter.headers.emplace_back(sha256_header, to_hex(sha256(letter.value)));
  auto frame = size_of(letter) - letter.value.size();
  if (frame + letter.value.size() / 2 > most_bytes) bound_frame(letter);
  frame = size_of(letter) - letter.value.size();
  while (frame >= most_bytes && !letter.headers.empty()) {
    letter.headers.erase(letter.headers.begin());
    frame = size_of(letter) - letter.value.size();
  }
  auto room = most_bytes - std::min(most_bytes, frame);
  letter.value.resize(std::min(letter.value.size(), room));
}

}  // namespace

json to_json(const record_place& place) {
  return {{"topic", place.topic}, {"partition", place.partition}, {"offset", place.offset}};
}

std::string dead_letter_topic(const std::string& topic) {
  return topic + ".dlq";
}

record to_dead_letter(record what, record_place from, std::string stage, std::string why,
                      std::size_t most_bytes) {
  std::uint32_t attempts = 0;
  if (!read_number(find_header(what.headers, attempts_header), attempts)) attempts = 0;
  drop_headers(what, "sonde_dead_");
  drop_headers(what, redriven_header);
  what.topic = dead_letter_topic(from.topic);
  what.headers.emplace_back(topic_header, std::move(from.topic));
  what.headers.emplace_back(partition_header, std::to_string(from.partition));
  what.headers.emplace_back(offset_header, std::to_string(from.offset));
  what.headers.emplace_back(stage_header, std::move(stage));
  what.headers.emplace_back(error_header, std::string(cut_at(why, letter_reason_bytes)));
  what.headers.emplace_back(attempts_header, std::to_string(attempts + 1));
  shorten(what, most_bytes);
  return what;
}

result<dead_letter> parse_dead_letter(const record& letter) {
  dead_letter out;
  const auto* topic = find_header(letter.headers, topic_header);
  bool whole = topic != nullptr &&
               read_number(find_header(letter.headers, partition_header), out.from.partition) &&
               read_number(find_header(letter.headers, offset_header), out.from.offset);
  if (!whole) return fail(errc::invalid_record, "the record does not name its origin");
  out.from.topic = *topic;
  if (const auto* stage = find_header(letter.headers, stage_header)) out.stage = *stage;
  if (const auto* why = find_header(letter.headers, error_header)) out.error = *why;
  read_number(find_header(letter.headers, attempts_header), out.attempts);
  std::uint64_t bytes = 0;
  if (read_number(find_header(letter.headers, bytes_header), bytes)) out.original_bytes = bytes;
  if (const auto* hash = find_header(letter.headers, sha256_header)) out.original_sha256 = *hash;
  return out;
}

result<record> restored(const record& original, const dead_letter& why) {
  bool same = why.original_bytes == original.value.size() &&
              why.original_sha256 == to_hex(sha256(original.value));
  if (same) return original;
  return fail(errc::invalid_record,
              fmt::format("the record at {} {}:{} is not the record of this dead letter",
                          why.from.topic, why.from.partition, why.from.offset));
}

record to_redriven(record letter, const dead_letter& why, const record_place& stood) {
  drop_headers(letter, "sonde_dead_");
  drop_headers(letter, redriven_header);
  letter.topic = why.from.topic;
  letter.headers.emplace_back(attempts_header, std::to_string(why.attempts));
  letter.headers.emplace_back(redriven_header, fmt::format("{}/{}", stood.partition, stood.offset));
  return letter;
}

bool is_redriven(const record& one) {
  return find_header(one.headers, redriven_header) != nullptr;
}

record to_redrive_receipt(const record& letter, const record_place& stood, const record_place& went,
                          wall_time now) {
  json value = {{"letter", to_json(stood)}, {"to", to_json(went)}, {"time", to_rfc3339(now)}};
  auto id = fmt::format("{}/{}/{}", stood.topic, stood.partition, stood.offset);
  record_headers headers = {{"content-type", "application/json"},
                            {"ce_specversion", "1.0"},
                            {"ce_id", id + "/" + to_rfc3339(now)},
                            {"ce_source", "/sonde/redrive"},
                            {type_header, receipt_type},
                            {"ce_time", to_rfc3339(now)},
                            {"ce_subject", id}};
  // The letter may have a key of any length. The receipt only has to be in the same partition.
  return {stood.topic, letter.key.substr(0, kept_bytes), to_text(value), std::move(headers)};
}

bool is_redrive_receipt(const record& one) {
  const auto* type = find_header(one.headers, type_header);
  return type != nullptr && *type == receipt_type;
}

result<std::int64_t> parse_redrive_receipt(const record& receipt) {
  auto value = parse_json(receipt.value, receipt_depth);
  if (!value) return value.error();
  field_reader fields(*value);
  field_reader letter(fields.any("letter"));
  auto offset = letter.signed_number("offset");
  if (letter.failed()) return letter.first_error();
  return offset;
}

}  // namespace sonde::model
