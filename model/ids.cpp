#include "model/ids.hpp"

#include "base/ascii.hpp"

#include <algorithm>

namespace sonde::model {
namespace {

template <class Number>
void append_big_endian(std::string& out, Number value) {
  for (int shift = (static_cast<int>(sizeof value) - 1) * 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(value >> shift & 0xFF);
  }
}

void append_field(std::string& out, std::string_view field) {
  append_big_endian(out, static_cast<std::uint32_t>(field.size()));
  out += field;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return hex_digit(c) >= 0; });
}

std::string bytes_of_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(hex_digit(hex[i]) << 4 | hex_digit(hex[i + 1]));
  }
  return out;
}

constexpr std::string_view uuid_shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

}  // namespace

target_key key_of(const target& target, std::string_view profile, const group_list& visibility) {
  std::string fields;
  append_field(fields, target.text());
  append_field(fields, profile);
  for (const auto& group : visibility)
    append_field(fields, group);
  return target_key(to_hex(sha256(fields)));
}

task_id task_id_of(const target_key& key, std::uint64_t generation) {
  std::string seed = bytes_of_hex(key.str());
  append_big_endian(seed, generation);
  return task_id(uuid_text(sha256(seed)));
}

std::string uuid_text(sha256_digest digest) {
  // RFC 9562, section 5.8: the version is the high half of byte 6, the variant is in byte 8.
  digest[6] = (digest[6] & std::byte{0x0F}) | std::byte{0x80};
  digest[8] = (digest[8] & std::byte{0x3F}) | std::byte{0x80};
  auto hex = to_hex(std::span(digest).first(16));
  for (std::size_t hyphen : {8U, 13U, 18U, 23U})
    hex.insert(hyphen, 1, '-');
  return hex;
}

entity_id entity_id_of(std::string_view type, std::string_view canonical_value) {
  return entity_id(std::string(type) + "-" + sha3_256_hex(canonical_value));
}

association_id association_id_of(const entity_id& from, std::string_view mode,
                                 const entity_id& to) {
  return association_id(sha3_256_hex(from.str() + "\n" + std::string(mode) + "\n" + to.str()));
}

comment_id comment_id_of(const entity_id& entity, std::string_view author, std::string_view text,
                         std::string_view parent) {
  std::string fields;
  append_field(fields, entity.str());
  append_field(fields, author);
  append_field(fields, text);
  append_field(fields, parent);
  return comment_id(sha3_256_hex(fields));
}

bool is_task_id(std::string_view text) {
  if (text.size() != uuid_shape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (uuid_shape[i] == '-' ? text[i] != '-' : hex_digit(text[i]) < 0) return false;
  }
  return true;
}

bool is_entity_id(std::string_view text) {
  auto hyphen = text.rfind('-');
  if (hyphen == std::string_view::npos || hyphen == 0) return false;
  return text.size() - hyphen - 1 == 64 && is_hex(text.substr(hyphen + 1));
}

std::optional<task_id> read_task_id(std::string text) {
  text = ascii::lower_case(text);
  if (!is_task_id(text)) return std::nullopt;
  return task_id(std::move(text));
}

bool is_comment_id(std::string_view text) {
  return text.size() == 64 && is_hex(text);
}

}  // namespace sonde::model
