#include "scanner/modules/words.hpp"

#include <algorithm>
#include <array>

namespace sonde::scanner {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr std::array<std::string_view, 7> days = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

/// The length of `15:04` or `15:04:05` at the front, or nothing.
std::size_t clock_time(std::string_view text) {
  auto pair = [&](std::size_t at) {
    return text.size() >= at + 2 && is_digit(text[at]) && is_digit(text[at + 1]);
  };
  if (!pair(0) || text.size() < 5 || text[2] != ':' || !pair(3)) return 0;
  if (text.size() >= 8 && text[5] == ':' && pair(6)) return 8;
  return 5;
}

/// The length of `Mon, 2 Jan 2006 15:04:05 -0700 (MST)` or `Mon Jan  2 15:04:05 2006` at the front.
std::size_t date(std::string_view text) {
  auto day = text.substr(0, 3);
  if (std::ranges::find(days, day) == days.end()) return 0;
  std::size_t end = 3;
  constexpr std::string_view part_of_date =
      "0123456789,:+-() JanFebMarAprMayJunJulAugSepOctNovDecGMTUTCESPD";
  while (end < text.size() && part_of_date.find(text[end]) != std::string_view::npos)
    ++end;
  auto body = text.substr(0, end);
  bool has_time = false;
  for (std::size_t i = 0; i < body.size(); ++i)
    has_time = has_time || clock_time(body.substr(i));
  if (!has_time) return 0;
  while (end > 0 && text[end - 1] == ' ')
    --end;
  return end;
}

}  // namespace

std::string_view line_of(std::string_view text) {
  return text.substr(0, text.find_first_of("\r\n"));
}

bool starts_with_digits(std::string_view text, std::size_t count) {
  return text.size() >= count && std::ranges::all_of(text.substr(0, count), is_digit);
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool contains_ignoring_case(std::string_view text, std::string_view word) {
  return !std::ranges::search(text, word, {}, lower, lower).empty() || word.empty();
}

product_version split_version(std::string_view text, char separator) {
  for (auto at = text.find(separator); at != std::string_view::npos;
       at = text.find(separator, at + 1)) {
    if (at + 1 >= text.size() || !is_digit(text[at + 1])) continue;
    auto version = text.substr(at + 1);
    version = version.substr(0, version.find_first_of(" \t,;()"));
    return {std::string(text.substr(0, at)), std::string(version)};
  }
  return {std::string(text.substr(0, text.find(' '))), {}};
}

std::string mask_times(std::string_view text) {
  std::string out;
  bool in_word = false;
  while (!text.empty()) {
    std::size_t masked = in_word ? 0 : date(text);
    if (masked == 0 && !in_word) masked = clock_time(text);
    if (masked > 0) {
      out += '*';
      text.remove_prefix(masked);
      continue;
    }
    in_word = is_digit(text.front()) || (lower(text.front()) >= 'a' && lower(text.front()) <= 'z');
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace sonde::scanner
