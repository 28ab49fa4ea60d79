#include "base/clock.hpp"

#include "tests/support/doctest.hpp"

namespace sonde {
namespace {

wall_time at(std::int64_t ms) {
  return wall_time(std::chrono::milliseconds(ms));
}

}  // namespace

TEST_CASE("a time survives the round trip through RFC 3339") {
  CHECK(to_rfc3339(at(0)) == "1970-01-01T00:00:00.000Z");
  CHECK(to_rfc3339(at(951827696789)) == "2000-02-29T12:34:56.789Z");
  for (std::int64_t ms : {0LL, 1LL, 999LL, 951827696789LL, 253402300799999LL}) {
    CHECK(from_rfc3339(to_rfc3339(at(ms))) == at(ms));
  }
}

TEST_CASE("text that is not an RFC 3339 time with milliseconds in UTC gives no time") {
  for (const char* text :
       {"", "2000-02-30T00:00:00.000Z", "2000-13-01T00:00:00.000Z", "2000-01-01T24:00:00.000Z",
        "2000-01-01T00:60:00.000Z", "2000-01-01T00:00:00Z", "2000-01-01T00:00:00.000+00:00",
        "2000-01-01 00:00:00.000Z", "x000-01-01T00:00:00.000Z"}) {
    CHECK_MESSAGE(!from_rfc3339(text), text);
  }
}

}  // namespace sonde
