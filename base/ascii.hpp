#pragma once

#include <algorithm>
#include <string>
#include <string_view>

/// ASCII text of protocols: header names, host names, keywords. No function depends on the locale.
/// Bytes beyond ASCII are unchanged and equal only to themselves. `model/text/letter_case.hpp` has
/// the letters of Unicode.
namespace sonde::ascii {

[[nodiscard]] constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

[[nodiscard]] constexpr char to_upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

[[nodiscard]] inline std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), to_lower);
  return out;
}

[[nodiscard]] inline std::string upper_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), to_upper);
  return out;
}

[[nodiscard]] constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, to_lower, to_lower);
}

/// Reports whether `word` occurs in the text. An empty word occurs in every text.
[[nodiscard]] constexpr bool contains_ignoring_case(std::string_view text, std::string_view word) {
  auto same = [](char a, char b) { return to_lower(a) == to_lower(b); };
  return word.empty() ||
         std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

/// Returns the text without the bytes of `blanks` at its beginning.
[[nodiscard]] constexpr std::string_view trimmed_left(std::string_view text,
                                                      std::string_view blanks = " \t") {
  return text.substr(std::min(text.find_first_not_of(blanks), text.size()));
}

/// Returns the text without the bytes of `blanks` at its end.
[[nodiscard]] constexpr std::string_view trimmed_right(std::string_view text,
                                                       std::string_view blanks = " \t") {
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

[[nodiscard]] constexpr std::string_view trimmed(std::string_view text,
                                                 std::string_view blanks = " \t") {
  return trimmed_left(trimmed_right(text, blanks), blanks);
}

}  // namespace sonde::ascii
