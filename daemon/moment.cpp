#include "daemon/moment.hpp"

#include "client/errc.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sonde::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct age_unit {
  char name;
  std::int64_t seconds;
};
constexpr age_unit age_units[] = {{'s', 1}, {'m', 60}, {'h', 3'600}, {'d', 86'400}, {'w', 604'800}};
/// Longest age, a hundred years: no topic is older.
constexpr std::int64_t longest_age_s = std::int64_t{36'500} * 86'400;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes one of the characters of `any_of` from the front.
bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == any_of.npos) return false;
  text.remove_prefix(1);
  return true;
}

/// Takes `count` digits from the front.
bool take_number(std::string_view& text, std::size_t count, int& out) {
  if (text.size() < count) return false;
  out = 0;
  for (char c : text.substr(0, count)) {
    if (!is_digit(c)) return false;
    out = out * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return true;
}

std::optional<std::chrono::sys_days> take_date(std::string_view& text) {
  int year = 0;
  int month = 0;
  int day = 0;
  bool read = take_number(text, 4, year) && take(text, "-") && take_number(text, 2, month) &&
              take(text, "-") && take_number(text, 2, day);
  if (!read) return std::nullopt;
  std::chrono::year_month_day date{std::chrono::year(year),
                                   std::chrono::month(static_cast<unsigned>(month)),
                                   std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

/// Takes a time of day: `06:29:41`.
std::optional<seconds> take_time_of_day(std::string_view& text) {
  int hour = 0;
  int minute = 0;
  int second = 0;
  bool read = take_number(text, 2, hour) && take(text, ":") && take_number(text, 2, minute) &&
              take(text, ":") && take_number(text, 2, second);
  if (!read || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return std::chrono::hours(hour) + std::chrono::minutes(minute) + seconds(second);
}

/// Takes a fraction of a second: `.5`. Zero if there is none. Cuts off digits finer than a
/// millisecond.
std::optional<milliseconds> take_fraction(std::string_view& text) {
  if (!take(text, ".")) return milliseconds(0);
  int value = 0;
  std::size_t digits = 0;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1)) {
    if (digits < 3) value = value * 10 + (text.front() - '0');
    ++digits;
  }
  if (digits == 0) return std::nullopt;
  for (auto missing = digits; missing < 3; ++missing)
    value *= 10;
  return milliseconds(value);
}

/// Takes an offset from UTC: `Z`, `+01:00`.
std::optional<seconds> take_offset(std::string_view& text) {
  if (take(text, "Zz")) return seconds(0);
  bool west = text.starts_with('-');
  int hour = 0;
  int minute = 0;
  bool read = take(text, "+-") && take_number(text, 2, hour) && take(text, ":") &&
              take_number(text, 2, minute);
  if (!read || hour > 23 || minute > 59) return std::nullopt;
  seconds out = std::chrono::hours(hour) + std::chrono::minutes(minute);
  return west ? -out : out;
}

std::optional<wall_time> read_time(std::string_view text) {
  auto date = take_date(text);
  if (!date) return std::nullopt;
  wall_time midnight(*date);
  if (text.empty()) return midnight;
  if (!take(text, "Tt ")) return std::nullopt;
  auto time = take_time_of_day(text);
  auto fraction = take_fraction(text);
  auto offset = take_offset(text);
  if (!time || !fraction || !offset || !text.empty()) return std::nullopt;
  return midnight + *time + *fraction - *offset;
}

std::optional<seconds> read_age(std::string_view text) {
  std::int64_t number = 0;
  const auto* end = text.data() + text.size();
  auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr + 1 != end || number < 1) return std::nullopt;
  for (const auto& unit : age_units) {
    if (unit.name != *read.ptr) continue;
    if (number > longest_age_s / unit.seconds) return std::nullopt;
    return seconds(number * unit.seconds);
  }
  return std::nullopt;
}

}  // namespace

result<wall_time> parse_moment(const std::string& text, wall_time now) {
  if (auto time = read_time(text)) return *time;
  if (auto age = read_age(text)) return now - *age;
  return fail(client::errc::usage, "\"" + text +
                                       "\" is not a time; write a time as in 2026-11-22T06:29:41Z "
                                       "or 2026-11-22T07:29:41.5+01:00, a date as in 2026-11-22 "
                                       "(midnight in UTC), or an age as in 10s, 5m, 2h or 7d");
}

result<> check_times(std::optional<wall_time> since, std::optional<wall_time> until) {
  if (!since || !until || *since < *until) return {};
  return fail(client::errc::usage, "--until " + to_rfc3339(*until) + " is not after --since " +
                                       to_rfc3339(*since) + "; no record is between them");
}

std::string note_on_since(std::optional<wall_time> since, wall_time now) {
  if (!since || *since <= now) return {};
  return "--since " + to_rfc3339(*since) + " is in the future; no record is that new yet";
}

}  // namespace sonde::daemon
