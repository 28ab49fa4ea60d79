#include "ingest/rate_limit.hpp"

#include "tests/support/doctest.hpp"

#include <limits>
#include <string>
#include <vector>

namespace sonde::ingest {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Who asks when; `wait`: what they are told, 0 where they are let in.
struct asked {
  int at_ms;
  const char* who;
  int wait_s;
};

void check(rate_limit& rates, const std::vector<asked>& all) {
  for (const auto& each : all) {
    CAPTURE(each.at_ms);
    CAPTURE(each.who);
    auto wait = rates.take(each.who, steady_time(milliseconds(each.at_ms)));
    CHECK(wait.value_or(seconds(0)).count() == each.wait_s);
  }
}

}  // namespace

TEST_CASE("a burst, then so many a second; what is refused takes nothing") {
  rate_limit rates({.per_second = 2, .burst = 3, .callers = 10});
  check(rates, {{0, "a", 0},
                {0, "a", 0},
                {0, "a", 0},
                {0, "a", 1},
                {499, "a", 1},
                {500, "a", 0},
                {500, "a", 1},
                {900, "a", 1},
                {1'000, "a", 0},
                {1'000, "a", 1},
                // After a pause no more than a burst.
                {60'000, "a", 0},
                {60'000, "a", 0},
                {60'000, "a", 0},
                {60'000, "a", 1}});
}

TEST_CASE("each has their own, and is told whole seconds, rounded up") {
  rate_limit rates({.per_second = 1, .burst = 1, .callers = 10});
  check(rates, {{0, "a", 0},
                {0, "b", 0},
                {0, "a", 1},
                {10, "a", 1},
                {999, "b", 1},
                {1'000, "b", 0},
                {1'000, "", 0},
                {1'000, "", 1}});
  CHECK(rates.callers() == 3);
  // Nobody waits for longer than one token takes.
  rate_limit one_of_many({.per_second = 1, .burst = 100, .callers = 1});
  for (int i = 0; i < 100; ++i)
    CHECK(!one_of_many.take("a", steady_time{}));
  CHECK(one_of_many.take("a", steady_time{}) == seconds(1));
}

TEST_CASE("the largest and the smallest bounds are bounds too") {
  constexpr auto most = std::numeric_limits<std::uint32_t>::max();
  rate_limit wide({.per_second = most, .burst = most, .callers = 1});
  rate_limit slow({.per_second = 1, .burst = most, .callers = 1});
  auto now = std::chrono::steady_clock::now();
  for (int i = 0; i < 1'000; ++i) {
    CHECK(!wide.take("a", now));
    CHECK(!slow.take("a", now));
  }
  rate_limit nothing({.per_second = 0, .burst = 0, .callers = 0});
  CHECK(!nothing.take("a", now));
  CHECK(nothing.take("a", now) == seconds(1));
}

TEST_CASE("who is full again is forgotten first, and loses nothing by it") {
  rate_limit rates({.per_second = 1, .burst = 2, .callers = 3});
  // "a" has taken all there was and "b" one, which it has back when "d" comes.
  check(rates, {{0, "a", 0}, {0, "a", 0}, {0, "b", 0}, {900, "c", 0}, {1'500, "d", 0}});
  CHECK(rates.callers() == 3);
  check(rates, {{1'500, "a", 0}, {1'500, "a", 1}});
  check(rates, {{1'500, "c", 0}, {1'500, "c", 1}});
}

TEST_CASE("where all are in use, the one that was quiet longest is forgotten") {
  rate_limit rates({.per_second = 1, .burst = 1, .callers = 2});
  check(rates, {{0, "a", 0}, {1, "b", 0}, {2, "a", 1}, {3, "c", 0}, {4, "a", 1}, {5, "b", 0}});
  CHECK(rates.callers() == 2);
  // Many pass through; the number of those who are remembered does not grow.
  rate_limit few({.per_second = 1, .burst = 4, .callers = 16});
  for (int i = 0; i < 10'000; ++i)
    CHECK(!few.take(std::to_string(i), steady_time(milliseconds(i))));
  CHECK(few.callers() == 16);
}

TEST_CASE("other bounds count from the moment they are set, for those who were refused too") {
  rate_limit rates({.per_second = 1, .burst = 1, .callers = 10});
  check(rates, {{0, "a", 0}, {0, "a", 1}});
  rates.set_bounds({.per_second = 10, .burst = 3, .callers = 10});
  // The one token that was taken under the old rate is missing until then.
  check(rates, {{800, "a", 0}, {800, "a", 1}, {1'200, "a", 0}});
  check(rates, {{1'200, "b", 0}, {1'200, "b", 0}, {1'200, "b", 0}, {1'200, "b", 1}});
  rate_limit slow({.per_second = 1, .burst = 1'000, .callers = 10});
  for (int i = 0; i < 1'000; ++i)
    CHECK(!slow.take("a", steady_time()));
  slow.set_bounds({.per_second = 10, .burst = 1, .callers = 10});
  check(slow, {{0, "a", 1}, {99, "a", 1}, {100, "a", 0}, {150, "a", 1}});
}

}  // namespace sonde::ingest
