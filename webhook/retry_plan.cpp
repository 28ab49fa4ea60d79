#include "webhook/retry_plan.hpp"

#include "base/hash.hpp"
#include "webhook/errc.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace sonde::webhook {
namespace {

using std::chrono::seconds;

constexpr std::size_t most_tries = 100;
constexpr std::uint32_t longest_pause_s = 7 * 24 * 3600;

template <class Number>
bool read_digits(std::string_view text, Number& out) {
  auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  return read.ec == std::errc{} && read.ptr == text.data() + text.size();
}

/// Changes a pause by up to a tenth in either direction.
std::chrono::milliseconds jittered(seconds pause, const model::delivery_id& message,
                                   std::uint32_t tries) {
  auto digest = sha256(fmt::format("{}/{}", message.str(), tries));
  auto per_mille =
      900 + (std::to_integer<int>(digest[0]) << 8 | std::to_integer<int>(digest[1])) * 200 / 65'536;
  return std::chrono::milliseconds(pause.count() * per_mille);
}

/// Parses `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7: IMF-fixdate).
std::optional<wall_time> parse_http_date(std::string_view text) {
  constexpr std::string_view shape = "xxx, 00 xxx 0000 00:00:00 GMT";
  constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != shape.size() || text.substr(25) != " GMT") return std::nullopt;
  auto month = std::ranges::find(months, text.substr(8, 3));
  unsigned day = 0;
  int year = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  bool whole = month != months.end() && read_digits(text.substr(5, 2), day) &&
               read_digits(text.substr(12, 4), year) && read_digits(text.substr(17, 2), hour) &&
               read_digits(text.substr(20, 2), minute) && read_digits(text.substr(23, 2), second);
  if (!whole) return std::nullopt;
  std::chrono::year_month_day date(
      std::chrono::year(year),
      std::chrono::month(static_cast<unsigned>(month - months.begin() + 1)), std::chrono::day(day));
  bool real = date.ok() && hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 &&
              second <= 60;
  if (!real) return std::nullopt;
  return wall_time(std::chrono::sys_days(date) + std::chrono::hours(hour) +
                   std::chrono::minutes(minute) + seconds(second));
}

}  // namespace

std::optional<wall_time> retry_plan::next_try(const model::delivery_id& message,
                                              std::uint32_t tries, wall_time now,
                                              std::optional<seconds> put_off) const {
  if (tries >= pauses_.size()) return std::nullopt;
  auto pause = std::max(pauses_[tries], put_off.value_or(seconds(0)));
  return now + jittered(pause, message, tries);
}

result<std::vector<seconds>> parse_pauses(const std::vector<std::string>& texts) {
  std::vector<seconds> out;
  for (const auto& text : texts) {
    std::uint32_t number = 0;
    if (!read_digits(std::string_view(text), number) || number > longest_pause_s) {
      return fail(errc::unusable, "\"" + text + "\" is not a number of seconds up to a week");
    }
    out.emplace_back(number);
  }
  if (!out.empty() && out.size() <= most_tries) return out;
  return fail(errc::unusable,
              "needs at least one pause, and at most " + std::to_string(most_tries));
}

std::optional<seconds> parse_retry_after(std::string_view text, wall_time now, seconds most) {
  std::uint32_t number = 0;
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos) {
    // A number that overflows counts as the maximum.
    return read_digits(text, number) ? std::min(seconds(number), most) : most;
  }
  auto date = parse_http_date(text);
  if (!date) return std::nullopt;
  auto away = std::chrono::ceil<seconds>(*date - now);
  return std::clamp(away, seconds(0), most);
}

}  // namespace sonde::webhook
