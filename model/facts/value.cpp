#include "model/facts/value.hpp"

#include "base/utf8.hpp"
#include "model/errc.hpp"
#include "model/facts/value_rules.hpp"
#include "model/text/letter_case.hpp"
#include "model/text/text.hpp"

#include <fmt/core.h>

#include <cstdint>
#include <limits>

namespace sonde::model {
namespace {

namespace rules = value_rules;

error refuse(std::string why) {
  return fail(errc::invalid_value, std::move(why));
}

error too_long() {
  return refuse(fmt::format("is longer than {} bytes; shorten it", longest_value));
}

/// Reports whether control characters become spaces, as the cleaning rules require.
bool is_cleaned(data_type type) {
  return type == data_type::text || type == data_type::case_sensitive_text;
}

result<std::string> apply_rule(data_type type, std::string_view text, const address_scope& scope) {
  switch (type) {
    case data_type::text: return rules::text(text);
    case data_type::case_sensitive_text: return rules::case_sensitive_text(text);
    case data_type::ip: return rules::ip(text, scope);
    case data_type::cidr: return rules::cidr(text, scope);
    case data_type::fqdn: return rules::fqdn(text);
    case data_type::port: return rules::port(text);
    case data_type::endpoint: return rules::endpoint(text, scope);
    case data_type::email: return rules::email(text);
    case data_type::url: return rules::url(text);
    case data_type::uuid: return rules::uuid(text);
    case data_type::md5: return rules::md5(text);
    case data_type::sha1: return rules::digest(text, 160);
    case data_type::sha224:
    case data_type::sha3_224:
    case data_type::sha512_224: return rules::digest(text, 224);
    case data_type::sha256:
    case data_type::sha3_256:
    case data_type::sha512_256: return rules::digest(text, 256);
    case data_type::sha384:
    case data_type::sha3_384: return rules::digest(text, 384);
    case data_type::sha512:
    case data_type::sha3_512: return rules::digest(text, 512);
    case data_type::file_id: return rules::file_id(text);
    case data_type::hexadecimal: return rules::hexadecimal(text);
    case data_type::base64: return rules::base64(text);
    case data_type::mac: return rules::mac(text);
    case data_type::mime_type: return rules::mime_type(text);
    case data_type::path: return rules::path(text);
    case data_type::phone: return rules::phone(text);
    case data_type::city:
    case data_type::country: return title_case(text);
    case data_type::date: return rules::date(text);
    case data_type::datetime: return rules::datetime(text);
    case data_type::integer: return rules::integer(text);
    case data_type::floating: return rules::floating(text);
    case data_type::boolean: return rules::boolean(text);
    case data_type::regex: return rules::regex(text);
    case data_type::adversary: return rules::adversary(text);
  }
  return refuse("is of a data type that this server does not know");
}

result<std::string> whole_number(const json& value) {
  if (value.is_number_float()) return rules::integer(value.get<double>());
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > most) {
    return rules::refuse(to_text(value), "is outside the range of signed 64-bit integers");
  }
  return std::to_string(value.get<std::int64_t>());
}

/// The bytes of a value for one unit of work. The slowest rules (RFC 3339, cleaning and lower case)
/// take 65 ns a byte.
constexpr std::size_t bytes_of_unit = 16;

}  // namespace

std::uint64_t value_work(data_type type, const json& value) {
  if (!value.is_string()) return 1;
  const auto& text = value.get_ref<const std::string&>();
  auto plain = 1 + text.size() / bytes_of_unit;
  bool compiled = type == data_type::regex && text.size() <= longest_regex;
  return compiled ? plain + rules::regex_work(text) : plain;
}

result<std::string> canonical_text(data_type type, std::string_view text,
                                   const address_scope& scope) {
  if (text.size() > longest_value) return too_long();
  if (!is_utf8(text)) return refuse("is not UTF-8; encode it as UTF-8");
  if (is_blank(text)) return refuse("is blank; give a value or leave it out");
  if (!is_cleaned(type) && text.find('\0') != std::string_view::npos) {
    return refuse("has a NUL character; remove it");
  }
  auto out = apply_rule(type, text, scope);
  // Some letters take more bytes in the other letter case.
  if (out && out->size() > longest_value) return too_long();
  return out;
}

result<std::string> canonical_value(data_type type, const json& value, const address_scope& scope) {
  if (value.is_string()) return canonical_text(type, value.get_ref<const std::string&>(), scope);
  if (value.is_number()) {
    if (type == data_type::integer) return whole_number(value);
    if (type == data_type::floating) return rules::floating(value.get<double>());
  }
  if (value.is_boolean() && type == data_type::boolean) return value.get<bool>() ? "true" : "false";
  std::string wanted = "a text in quotes";
  if (type == data_type::integer || type == data_type::floating) wanted = "a number";
  if (type == data_type::boolean) wanted = "true or false";
  return refuse("is of the JSON type " + std::string(value.type_name()) + "; a value of the type " +
                std::string(name_of(type)) + " is " + wanted);
}

}  // namespace sonde::model
