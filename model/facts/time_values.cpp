#include "model/facts/value_rules.hpp"

#include <re2/re2.h>

#include <chrono>

namespace sonde::model::value_rules {
namespace {

bool is_day(int year, unsigned month, unsigned day) {
  using namespace std::chrono;
  return year_month_day(std::chrono::year(year), std::chrono::month(month), std::chrono::day(day))
      .ok();
}

}  // namespace

result<std::string> date(std::string_view text) {
  static const RE2 form("([0-9]{4})-([0-9]{2})-([0-9]{2})");
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  if (!RE2::FullMatch(text, form, &year, &month, &day)) {
    return refuse(text, "is not a date; write it as in 2024-02-29");
  }
  if (!is_day(year, month, day)) return refuse(text, "is not a day of the calendar");
  return std::string(text);
}

result<std::string> datetime(std::string_view text) {
  static const RE2 form(
      "(([0-9]{4})-([0-9]{2})-([0-9]{2}))[Tt](([0-9]{2}):([0-9]{2}):([0-9]{2}))"
      "(?:\\.([0-9]+))?([Zz]|[+-]([0-9]{2}):([0-9]{2}))");
  std::string date_text;
  std::string time_text;
  std::string fraction;
  std::string zone;
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0;
  std::string zone_hour;
  std::string zone_minute;
  if (!RE2::FullMatch(text, form, &date_text, &year, &month, &day, &time_text, &hour, &minute,
                      &second, &fraction, &zone, &zone_hour, &zone_minute)) {
    return refuse(text,
                  "is not a time of RFC 3339; write it as in 2024-02-29T23:59:59Z or "
                  "2024-02-29T23:59:59.5+01:00");
  }
  if (!is_day(year, month, day)) return refuse(text, "is not on a day of the calendar");
  if (hour > 23 || minute > 59 || second > 59) return refuse(text, "is not a time of the day");
  if (fraction.size() > 9) return refuse(text, "is finer than a nanosecond; give nine digits");
  if (zone_hour > "23" || zone_minute > "59") {
    return refuse(text, "has an invalid offset; the largest is 23:59");
  }
  while (fraction.ends_with('0'))
    fraction.pop_back();
  bool utc = zone_hour.empty() || (zone_hour == "00" && zone_minute == "00");
  return date_text + "T" + time_text + (fraction.empty() ? "" : "." + fraction) +
         (utc ? "Z" : zone);
}

}  // namespace sonde::model::value_rules
