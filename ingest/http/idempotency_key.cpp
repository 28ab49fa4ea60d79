#include "ingest/http/idempotency_key.hpp"

#include "base/hash.hpp"
#include "ingest/errc.hpp"

#include <algorithm>
#include <cstdint>

namespace sonde::ingest {
namespace {

constexpr const char* header_name = "idempotency-key";
constexpr std::size_t longest_key = 255;

error no_key() {
  return fail(errc::invalid,
              "Idempotency-Key: is not a key; send 1 to 255 visible ASCII characters, as \"...\" "
              "or without quotes, \\, comma and semicolon");
}

bool is_visible(char c) {
  return c > ' ' && c <= '~';
}

bool may_stand_bare(char c) {
  return is_visible(c) && c != '"' && c != '\\' && c != ',' && c != ';';
}

/// Returns the text between the quotes; false if it violates RFC 8941.
bool unquote(std::string_view text, std::string& out) {
  if (text.size() < 2 || !text.ends_with('"')) return false;
  text = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"' || !is_visible(text[i])) return false;
    if (text[i] == '\\') {
      ++i;
      if (i == text.size() || (text[i] != '"' && text[i] != '\\')) return false;
    }
    out += text[i];
  }
  return true;
}

void append_field(std::string& out, std::string_view field) {
  auto size = static_cast<std::uint32_t>(field.size());
  for (int shift = 24; shift >= 0; shift -= 8)
    out += static_cast<char>(size >> shift & 0xFFU);
  out += field;
}

}  // namespace

result<std::string> parse_idempotency_key(std::string_view value) {
  std::string out;
  if (value.starts_with('"')) {
    if (!unquote(value, out)) return no_key();
  } else {
    if (!std::ranges::all_of(value, may_stand_bare)) return no_key();
    out = value;
  }
  if (out.empty() || out.size() > longest_key) return no_key();
  return out;
}

result<std::string> idempotency_key_of(const http_request& request) {
  const auto* value = request.header(header_name);
  if (request.repeated.contains(header_name)) {
    return fail(errc::invalid, "Idempotency-Key: occurs in the request more than once; send one");
  }
  return parse_idempotency_key(value == nullptr ? std::string_view() : std::string_view(*value));
}

std::string idempotency_id(const caller& who, std::string_view key) {
  std::string fields;
  append_field(fields, who.key_id.empty() ? "user:" + who.user_id : "key:" + who.key_id);
  append_field(fields, key);
  return to_hex(sha256(fields));
}

std::string hash_of(const http_request& request) {
  std::string fields;
  append_field(fields, request.method);
  append_field(fields, request.path);
  for (const auto& [name, value] : request.query) {
    append_field(fields, name);
    append_field(fields, value);
  }
  append_field(fields, request.body);
  return to_hex(sha256(fields));
}

}  // namespace sonde::ingest
