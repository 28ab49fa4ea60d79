#include "daemon/retention.hpp"

#include "model/errc.hpp"
#include "model/events.hpp"

#include <charconv>
#include <iterator>

namespace sonde::daemon {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

struct time_unit {
  char name;
  std::int64_t seconds;
};
/// Time units, the longest one first.
constexpr time_unit time_units[] = {
    {'w', 604'800}, {'d', 86'400}, {'h', 3'600}, {'m', 60}, {'s', 1}};
/// Default size limit of `audit`: every caller with a role for changes adds entries.
constexpr std::uint64_t audit_bytes = 1ULL << 30U;
constexpr seconds shortest_retention{60};
constexpr seconds longest_retention = hours(24) * 36'500;

error no_duration(const std::string& text) {
  return fail(model::errc::invalid_field,
              "\"" + text +
                  "\" is not a duration; write a number with s, m, h, d or w, as in \"90d\", from "
                  "1m to 36500d, or \"0\" for no expiry");
}

}  // namespace

retention_table default_retention() {
  constexpr hours week{7 * 24};
  constexpr hours month{30 * 24};
  namespace topics = model::topics;
  retention_table out;
  out[topics::scan_requests] = {week, 0, true};
  out[topics::scan_progress] = {hours(1)};
  // Consumers have a day to read each time at which a fact was observed.
  out[topics::entities].repeats = hours(24);
  out[topics::associations].repeats = hours(24);
  out[topics::comments] = {};
  out[topics::scan_requests_dead] = {month};
  // The first record of a key counts, not the newest, so this topic is not compacted.
  out[topics::idempotency] = {hours(24)};
  // Twice the time in which a message is retried: until then it is read again from this topic.
  out[topics::webhook_requests] = {2 * week, 0, true};
  // Longer than the messages that these records describe. Not compacted: every attempt has its
  // record.
  out[topics::webhook_deliveries] = {4 * week};
  out[topics::webhook_requests_dead] = {month};
  out[topics::audit] = {3 * month, audit_bytes};
  return out;
}

result<seconds> parse_duration(const std::string& text) {
  if (text == "0") return seconds(0);
  std::int64_t number = 0;
  const auto* end = text.data() + text.size();
  auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc{} || parsed.ptr + 1 != end || number < 1) return no_duration(text);
  for (const auto& unit : time_units) {
    if (unit.name != *parsed.ptr) continue;
    if (number > longest_retention.count() / unit.seconds) return no_duration(text);
    seconds out(number * unit.seconds);
    if (out < shortest_retention) return no_duration(text);
    return out;
  }
  return no_duration(text);
}

std::string duration_text(seconds time) {
  if (time.count() == 0) return "0";
  const auto* unit = std::begin(time_units);
  while (time.count() % unit->seconds != 0)
    ++unit;
  return std::to_string(time.count() / unit->seconds) + unit->name;
}

}  // namespace sonde::daemon
