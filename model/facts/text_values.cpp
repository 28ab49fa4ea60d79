#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "model/errc.hpp"
#include "model/facts/value.hpp"
#include "model/facts/value_rules.hpp"
#include "model/text/letter_case.hpp"
#include "model/text/text.hpp"

#include <fmt/core.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>

namespace sonde::model::value_rules {
namespace {

/// The number of bytes of a refused value that are shown.
constexpr std::size_t shown_bytes = 80;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

error refuse(std::string_view text, const std::string& why) {
  auto shown = to_utf8(cut_at(text, shown_bytes));
  if (text.size() > shown_bytes) shown += "...";
  return fail(errc::invalid_value, "\"" + shown + "\" " + why);
}

result<std::string> case_sensitive_text(std::string_view text) {
  auto out = clean(text);
  if (!out) return fail(errc::invalid_value, out.error().message());
  if (is_blank(*out)) {
    return fail(errc::invalid_value,
                "has only control characters and marks; give letters, digits or symbols");
  }
  return out;
}

result<std::string> text(std::string_view text) {
  auto out = case_sensitive_text(text);
  if (!out) return out;
  return lower_case(*out);
}

result<std::string> path(std::string_view text) {
  if (text.find("://") != std::string_view::npos) {
    return refuse(text, "is a URL, not a path; leave the scheme and the host out");
  }
  return lower_case(text);
}

result<std::string> phone(std::string_view text) {
  static const RE2 form(
      "\\+[0-9]{1,3}[ -]?(?:\\([0-9]{1,4}\\)[ -]?)?[0-9]{1,4}(?:[ -]?[0-9]{1,4}){0,2}");
  if (RE2::FullMatch(text, form)) return std::string(text);
  return refuse(text,
                "is not a phone number; write + and the country code, then up to three groups of "
                "up to four digits, as in +1 (555) 555-0100");
}

result<std::string> mime_type(std::string_view text) {
  // Besides the hyphen, only the comma lies between + and . in ASCII. It is accepted because
  // existing services accept it.
  static const RE2 form("[A-Za-z]+/[A-Za-z0-9+,.-]{3,}");
  if (RE2::FullMatch(text, form)) return ascii::lower_case(text);
  return refuse(text,
                "is not a MIME type; write letters, a slash, and three or more letters, digits, + "
                "- or ., as in text/html");
}

/// The costs were measured with RE2 of Debian 12, for the constructs that are slow for their
/// length: Unicode classes, which have hundreds of ranges, and repetitions, which RE2 expands.
std::uint64_t regex_work(std::string_view text) {
  constexpr std::uint64_t each_byte = 3;
  constexpr std::uint64_t unicode_class = 250;
  // The index is the number of digits of the count. Compilation takes time by the square of the
  // compiled size.
  constexpr std::array<std::uint64_t, 4> repetition = {400, 400, 800, 10'000};
  std::uint64_t out = 20 + each_byte * text.size();
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == '\\' && (text[i + 1] == 'p' || text[i + 1] == 'P')) out += unicode_class;
    if (text[i] != '{') continue;
    std::size_t longest = 0;
    std::size_t digits = 0;
    for (auto at = i + 1; at < text.size() && (is_digit(text[at]) || text[at] == ','); ++at) {
      digits = is_digit(text[at]) ? digits + 1 : 0;
      longest = std::max(longest, digits);
    }
    out += repetition.at(std::min(longest, repetition.size() - 1));
  }
  return out;
}

result<std::string> regex(std::string_view text) {
  if (text.size() > longest_regex) {
    return refuse(
        text,
        fmt::format("is longer than the {} bytes that a regular expression may have; shorten it",
                    longest_regex));
  }
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(regex_memory_bytes);
  RE2 compiled(text, options);
  if (compiled.ok()) return std::string(text);
  if (compiled.error_code() == RE2::ErrorPatternTooLarge) {
    return refuse(text, "is too large once compiled; repeat less, or use smaller classes");
  }
  return refuse(text, "is not a regular expression in RE2's syntax: " + to_utf8(compiled.error()));
}

result<std::string> boolean(std::string_view text) {
  if (text == "true" || text == "false") return std::string(text);
  return refuse(text, "is neither true nor false");
}

result<std::string> adversary(std::string_view text) {
  const char* taken_for = nullptr;
  if (ip_address::parse(text)) {
    taken_for = "an IP address";
  } else if (uuid(text)) {
    taken_for = "a UUID";
  } else if (email(text)) {
    taken_for = "an e-mail address";
  } else if (phone(text)) {
    taken_for = "a phone number";
  } else if (fqdn(text)) {
    taken_for = "a domain name";
  } else if (url(text)) {
    taken_for = "a URL";
  }
  if (taken_for == nullptr) return std::string(text);
  return refuse(text, "is " + std::string(taken_for) +
                          ", not the name of an adversary; use the type that is meant for it");
}

}  // namespace sonde::model::value_rules
