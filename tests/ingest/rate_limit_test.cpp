#include "ingest/http/rate_limit.hpp"

#include "tests/support/doctest.hpp"

#include <limits>
#include <string>
#include <vector>

namespace sonde::ingest {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A request of a caller at a time; `wait_s`: the wait that the limit returns, 0 if the request is
/// admitted.
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

TEST_CASE("a burst is admitted, then a number per second; a refused request takes no token") {
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
                // After a pause no more than a burst is admitted.
                {60'000, "a", 0},
                {60'000, "a", 0},
                {60'000, "a", 0},
                {60'000, "a", 1}});
}

TEST_CASE("each caller has separate tokens, and waits are whole seconds, rounded up") {
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
  // No wait is longer than the time of one token.
  rate_limit one_of_many({.per_second = 1, .burst = 100, .callers = 1});
  for (int i = 0; i < 100; ++i)
    CHECK(!one_of_many.take("a", steady_time{}));
  CHECK(one_of_many.take("a", steady_time{}) == seconds(1));
}

TEST_CASE("the limit works with the largest and the smallest bounds") {
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

TEST_CASE("callers with a full bucket are forgotten first, without effect on them") {
  rate_limit rates({.per_second = 1, .burst = 2, .callers = 3});
  // "a" has taken all its tokens and "b" one, which it has back when "d" comes.
  check(rates, {{0, "a", 0}, {0, "a", 0}, {0, "b", 0}, {900, "c", 0}, {1'500, "d", 0}});
  CHECK(rates.callers() == 3);
  check(rates, {{1'500, "a", 0}, {1'500, "a", 1}});
  check(rates, {{1'500, "c", 0}, {1'500, "c", 1}});
}

TEST_CASE("if no bucket is full, the caller that has been idle longest is forgotten") {
  rate_limit rates({.per_second = 1, .burst = 1, .callers = 2});
  check(rates, {{0, "a", 0}, {1, "b", 0}, {2, "a", 1}, {3, "c", 0}, {4, "a", 1}, {5, "b", 0}});
  CHECK(rates.callers() == 2);
  // The number of remembered callers does not grow with the number of callers.
  rate_limit few({.per_second = 1, .burst = 4, .callers = 16});
  for (int i = 0; i < 10'000; ++i)
    CHECK(!few.take(std::to_string(i), steady_time(milliseconds(i))));
  CHECK(few.callers() == 16);
}

TEST_CASE("new bounds apply from the moment they are set, also to refused callers") {
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
