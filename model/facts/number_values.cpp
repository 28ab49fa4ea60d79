#include "model/facts/value_rules.hpp"

#include <re2/re2.h>

#include <array>
#include <charconv>
#include <cmath>

namespace sonde::model::value_rules {
namespace {

/// Numbers from a million up, and below 1e-4, are written with an exponent.
constexpr int exponent_from = 6;
constexpr int exponent_below = -4;

constexpr const char* too_large = "is outside the range of signed 64-bit integers";

/// The digits of a double without the point, and the exponent: 0.0125 is "125" and -2.
struct decimal {
  std::string digits;
  int exponent = 0;
};

/// Splits the output of std::to_chars, such as 1.25e-02.
decimal take_apart(std::string_view scientific) {
  auto e = scientific.find('e');
  decimal out;
  for (char c : scientific.substr(0, e)) {
    if (c != '.') out.digits += c;
  }
  auto power = scientific.substr(e + 1);
  if (power.front() == '+') power.remove_prefix(1);
  std::from_chars(power.data(), power.data() + power.size(), out.exponent);
  return out;
}

/// Returns the shortest digits that identify the value. std::to_chars alone writes all digits of a
/// large double.
std::string shortest_text(double value) {
  std::array<char, 32> buffer;
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(value),
                           std::chars_format::scientific)
                 .ptr;
  std::string_view scientific(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  std::string sign = std::signbit(value) ? "-" : "";
  auto [digits, exponent] = take_apart(scientific);
  if (exponent < exponent_below || exponent >= exponent_from) return sign.append(scientific);
  if (exponent < 0) {
    digits.insert(0, static_cast<std::size_t>(-exponent), '0');
    exponent = 0;
  }
  auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() < whole) digits.append(whole - digits.size(), '0');
  if (digits.size() > whole) digits.insert(whole, 1, '.');
  return sign + digits;
}

/// Returns the number in a text without its plus sign, which std::from_chars does not accept.
result<std::string_view> number_in(std::string_view text) {
  static const RE2 form("[+-]?(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?");
  if (!RE2::FullMatch(text, form)) {
    return refuse(text,
                  "is not a number; write digits, a point for the fraction, and nothing else");
  }
  if (text.front() == '+') text.remove_prefix(1);
  return text;
}

result<double> to_double(std::string_view number) {
  double value = 0;
  auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
  if (parsed.ec != std::errc{} || !std::isfinite(value)) {
    return refuse(number, "is too large or too small for 64 bits");
  }
  return value;
}

}  // namespace

result<std::string> integer(double value) {
  constexpr double limit = 9223372036854775808.0;
  if (!(value >= -limit && value < limit)) {
    return refuse(std::isfinite(value) ? shortest_text(value) : "it", too_large);
  }
  return std::to_string(static_cast<std::int64_t>(value));
}

result<std::string> integer(std::string_view text) {
  auto number = number_in(text);
  if (!number) return number.error();
  if (number->find_first_of("eE") != std::string_view::npos) {
    auto value = to_double(*number);
    if (!value) return value.error();
    return integer(*value);
  }
  // A double holds only 53 bits, so the integer is read directly.
  std::string whole(number->substr(0, number->find('.')));
  if (whole.empty() || whole == "-") return "0";
  std::int64_t value = 0;
  auto parsed = std::from_chars(whole.data(), whole.data() + whole.size(), value);
  if (parsed.ec != std::errc{}) return refuse(text, too_large);
  return std::to_string(value);
}

result<std::string> floating(double value) {
  if (!std::isfinite(value)) return refuse("it", "is not a finite number");
  return shortest_text(value);
}

result<std::string> floating(std::string_view text) {
  auto number = number_in(text);
  if (!number) return number.error();
  auto value = to_double(*number);
  if (!value) return value.error();
  return floating(*value);
}

}  // namespace sonde::model::value_rules
