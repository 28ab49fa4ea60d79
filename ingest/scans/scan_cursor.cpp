#include "ingest/scans/scan_cursor.hpp"

#include "base/hash.hpp"
#include "ingest/errc.hpp"

#include <algorithm>
#include <charconv>

namespace sonde::ingest {
namespace {

/// Version, milliseconds since 1970, id: a multiple of three bytes, so that Base64 needs no
/// padding.
constexpr char cursor_version = '1';
constexpr std::size_t moment_digits = 14;
constexpr std::size_t id_length = 36;
constexpr std::size_t plain_length = 1 + moment_digits + id_length;

/// Replaces characters, to convert from and to the alphabet for URLs (RFC 4648, section 5).
std::string exchanged(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t i = 0; i < from.size(); ++i)
    std::ranges::replace(text, from[i], to[i]);
  return text;
}

}  // namespace

std::string to_cursor(const views::list_place& place) {
  auto moment = std::to_string(place.requested.time_since_epoch().count());
  moment.insert(0, moment_digits - std::min(moment_digits, moment.size()), '0');
  return exchanged(to_base64(cursor_version + moment + place.id.str()), "+/", "-_");
}

result<views::list_place> parse_cursor(std::string_view text) {
  auto none = [] {
    return fail(errc::invalid,
                "cursor: is not from this server; leave it out to begin with the newest");
  };
  if (text.find_first_of("+/=") != std::string_view::npos) return none();
  auto plain = from_base64(exchanged(std::string(text), "-_", "+/"));
  if (!plain || plain->size() != plain_length || plain->front() != cursor_version) return none();
  std::int64_t moment = 0;
  const char* begin = plain->data() + 1;
  auto parsed = std::from_chars(begin, begin + moment_digits, moment);
  bool whole = parsed.ec == std::errc{} && parsed.ptr == begin + moment_digits;
  if (!whole || *begin == '-') return none();
  auto id = plain->substr(1 + moment_digits);
  if (!model::is_task_id(id)) return none();
  return views::list_place{wall_time(std::chrono::milliseconds(moment)),
                           model::task_id(std::move(id))};
}

}  // namespace sonde::ingest
