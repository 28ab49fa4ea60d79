#include "daemon/moment.hpp"

#include "client/errc.hpp"
#include "tests/support/doctest.hpp"

#include <string>

namespace sonde::daemon {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const wall_time now = from_rfc3339("2026-11-22T06:29:41.000Z").value();

}  // namespace

TEST_CASE("a time has an offset from UTC, and may have a fraction of a second") {
  struct {
    const char* text;
    wall_time time;
  } const cases[] = {
      {"2026-11-22T06:29:41Z", now},
      {"2026-11-22T06:29:41.000Z", now},
      {"2026-11-22T06:29:40.999Z", now - milliseconds(1)},
      {"2026-11-22T06:29:41.5Z", now + milliseconds(500)},
      {"2026-11-22T06:29:41.123456789Z", now + milliseconds(123)},
      {"2026-11-22T07:29:41+01:00", now},
      {"2026-11-22T00:59:41.25-05:30", now + milliseconds(250)},
      {"2026-11-22t06:29:41z", now},
      {"2026-11-22 06:29:41Z", now},
  };
  for (const auto& each : cases) {
    CAPTURE(each.text);
    auto read = parse_moment(each.text, now);
    REQUIRE(read);
    CHECK(to_rfc3339(*read) == to_rfc3339(each.time));
  }
}

TEST_CASE("a date is its midnight in UTC") {
  CHECK(to_rfc3339(parse_moment("2026-11-22", now).value()) == "2026-11-22T00:00:00.000Z");
  CHECK(to_rfc3339(parse_moment("2024-02-29", now).value()) == "2024-02-29T00:00:00.000Z");
}

TEST_CASE("an age is subtracted from the current time") {
  CHECK(parse_moment("10s", now).value() == now - seconds(10));
  CHECK(parse_moment("5m", now).value() == now - minutes(5));
  CHECK(parse_moment("2h", now).value() == now - hours(2));
  CHECK(parse_moment("7d", now).value() == now - hours(7 * 24));
  CHECK(parse_moment("1w", now).value() == now - hours(7 * 24));
}

TEST_CASE("an invalid time is refused with the accepted forms") {
  for (const std::string bad : {"",
                                "0",
                                "0s",
                                "-1h",
                                "+1h",
                                "1",
                                "h",
                                "5x",
                                "5 m",
                                "1h30m",
                                "36501d",
                                "9999999999999999999s",
                                "yesterday",
                                "2026-11",
                                "2026-11-2",
                                "2026-02-30",
                                "2026-11-22T",
                                "2026-11-22T06:29Z",
                                "2026-11-22T06:29:41",
                                "2026-11-22T06:29:41.Z",
                                "2026-11-22T06:29:41+0100",
                                "2026-11-22T06:29:41+24:00",
                                "2026-11-22T06:29:41Zx",
                                "2026-11-22T24:00:00Z",
                                "2026-11-22T06:60:00Z",
                                "2026-11-22T06:29:60Z",
                                "2026-02-30T06:29:41Z",
                                "1795328981"}) {
    CAPTURE(bad);
    auto time = parse_moment(bad, now);
    REQUIRE(!time);
    CHECK(time.error().code == make_error_code(client::errc::usage));
    CHECK(time.error().message() == "\"" + bad +
                                        "\" is not a time; write a time as in 2026-11-22T06:29:41Z "
                                        "or 2026-11-22T07:29:41.5+01:00, a date as in 2026-11-22 "
                                        "(midnight in UTC), or an age as in 10s, 5m, 2h or 7d");
  }
}

TEST_CASE("an empty interval of two times is refused") {
  CHECK(check_times({}, now));
  CHECK(check_times(now, {}));
  CHECK(check_times(now - milliseconds(1), now));
  CHECK(!check_times(now, now));
  CHECK(!check_times(now, now - hours(1)));
}

TEST_CASE("a start in the future is reported") {
  CHECK(note_on_since({}, now).empty());
  CHECK(note_on_since(now, now).empty());
  CHECK(note_on_since(now + seconds(1), now) ==
        "--since 2026-11-22T06:29:42.000Z is in the future; no record is that new yet");
}

}  // namespace sonde::daemon
