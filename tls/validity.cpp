#include "tls/validity.hpp"

#include "tls/der.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace sonde::tls {
namespace {

using std::chrono::sys_seconds;

/// The size of the compared text `2026-11-22T06:29:41`, for years of four digits.
constexpr std::size_t sortable_size = 19;

/// Removes `count` digits from the front and returns their value. The caller ensures that they
/// exist.
int take_number(std::string_view& digits, std::size_t count) {
  int value = 0;
  std::from_chars(digits.data(), digits.data() + count, value);
  digits.remove_prefix(count);
  return value;
}

/// Reads `Z` or an offset such as `+0130`.
std::optional<std::chrono::minutes> read_zone(std::string_view zone) {
  using std::chrono::minutes;
  if (zone == "Z") return minutes(0);
  bool offset = zone.size() == 5 && (zone[0] == '+' || zone[0] == '-') &&
                zone.find_first_not_of("0123456789", 1) == std::string_view::npos;
  if (!offset) return std::nullopt;
  auto digits = zone.substr(1);
  int hours = take_number(digits, 2);
  int rest = take_number(digits, 2);
  if (hours > 23 || rest > 59) return std::nullopt;
  return minutes((zone[0] == '-' ? -1 : 1) * (hours * 60 + rest));
}

std::optional<sys_seconds> read_time(const der::element& e) {
  using namespace std::chrono;
  bool utc = e.tag == der::utc_time;
  if (!utc && e.tag != der::generalized_time) return std::nullopt;
  auto end = std::min(e.content.find_first_not_of("0123456789"), e.content.size());
  auto digits = e.content.substr(0, end);
  auto zone = read_zone(e.content.substr(end));
  std::size_t year_digits = utc ? 2 : 4;
  bool has_seconds = digits.size() == year_digits + 10;
  if (!zone || (!has_seconds && digits.size() != year_digits + 8)) return std::nullopt;
  int year_number = take_number(digits, year_digits);
  // RFC 5280, section 4.1.2.5.1: two digits mean 1950 to 2049.
  if (utc) year_number += year_number >= 50 ? 1900 : 2000;
  auto month_number = static_cast<unsigned>(take_number(digits, 2));
  auto day_number = static_cast<unsigned>(take_number(digits, 2));
  year_month_day date{year(year_number), month(month_number), day(day_number)};
  int hour = take_number(digits, 2);
  int minute = take_number(digits, 2);
  int second = has_seconds ? take_number(digits, 2) : 0;
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  sys_seconds when = sys_days(date) + hours(hour) + minutes(minute) + seconds(second) - *zone;
  auto utc_year = year_month_day(floor<days>(when)).year();
  if (utc_year < year(0) || utc_year > year(9999)) return std::nullopt;
  return when;
}

std::string sortable(wall_time when) {
  return to_rfc3339(when).substr(0, sortable_size);
}

}  // namespace

bool read_validity(std::string_view content, certificate& out) {
  der::reader fields(content);
  auto first = fields.next();
  auto last = fields.next();
  if (!first || !last) return false;
  auto from = read_time(*first);
  auto until = read_time(*last);
  if (from) out.not_before = sortable(*from) + "Z";
  if (until) out.not_after = sortable(*until) + "Z";
  if (from && until) out.validity_s = (*until - *from).count();
  return from && until && fields.empty();
}

bool is_expired(const certificate& certificate, wall_time now) {
  return !certificate.not_after.empty() &&
         sortable(now) > certificate.not_after.substr(0, sortable_size);
}

bool is_not_yet_valid(const certificate& certificate, wall_time now) {
  return !certificate.not_before.empty() &&
         sortable(now) < certificate.not_before.substr(0, sortable_size);
}

}  // namespace sonde::tls
