#include "ingest/http/http_date.hpp"

#include <cstdio>

namespace sonde::ingest {
namespace {

constexpr const char* day_names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr const char* month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr int first_year = 1900;  // offset of tm_year

}  // namespace

/// Does not use strftime, whose names of days and months depend on the locale.
const std::string& http_date::at(std::time_t now) {
  if (now == written_) return text_;
  written_ = now;
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", day_names[parts.tm_wday],
                parts.tm_mday, month_names[parts.tm_mon], parts.tm_year + first_year, parts.tm_hour,
                parts.tm_min, parts.tm_sec);
  text_ = text;
  return text_;
}

}  // namespace sonde::ingest
