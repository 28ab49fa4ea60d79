#include "webhook/retry_plan.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::webhook {

using std::chrono::seconds;

namespace {

const wall_time now(seconds(784'111'777));  // 06 Nov 1994, 08:49:37

}  // namespace

TEST_CASE("pauses follow the plan with a jitter of ten percent, then retries end") {
  retry_plan plan({seconds(0), seconds(5), seconds(300)});
  model::delivery_id first("a");
  auto second_try = plan.next_try(first, 1, now).value() - now;
  CHECK(second_try >= std::chrono::milliseconds(4'500));
  CHECK(second_try <= std::chrono::milliseconds(5'500));
  CHECK(plan.next_try(first, 1, now) == plan.next_try(first, 1, now));
  CHECK(plan.next_try(first, 1, now) != plan.next_try(model::delivery_id("b"), 1, now));
  CHECK(plan.next_try(first, 2, now).value() - now >= seconds(270));
  CHECK(!plan.next_try(first, 3, now));
}

TEST_CASE("an endpoint can delay a retry, but not bring it forward") {
  retry_plan plan({seconds(0), seconds(100)});
  model::delivery_id id("a");
  CHECK(plan.next_try(id, 1, now, seconds(1)) == plan.next_try(id, 1, now));
  CHECK(plan.next_try(id, 1, now, seconds(1'000)).value() - now >= seconds(900));
}

TEST_CASE("Retry-After is a number of seconds or a date, and is limited") {
  struct {
    const char* text;
    int wanted;  ///< -1: no value
  } const cases[] = {
      {"0", 0},
      {"120", 120},
      {"99999999999999999999", 3600},
      {"3601", 3600},
      {"Sun, 06 Nov 1994 08:50:37 GMT", 60},
      {"Sun, 06 Nov 1994 08:49:30 GMT", 0},
      {"Sun, 06 Nov 2094 08:49:37 GMT", 3600},
      {"", -1},
      {"-1", -1},
      {"1.5", -1},
      {" 1", -1},
      {"soon", -1},
      {"Sun, 31 Feb 1994 08:49:37 GMT", -1},
      {"Sun, 06 Nov 1994 24:49:37 GMT", -1},
      {"Sun, 06 Nov 1994 08:49:37 CET", -1},
      {"Sun, 06 Nox 1994 08:49:37 GMT", -1},
      {"Sunday, 06-Nov-94 08:49:37 GMT", -1},
  };
  for (const auto& each : cases) {
    CAPTURE(each.text);
    auto read = parse_retry_after(each.text, now, seconds(3600));
    CHECK((read ? read->count() : -1) == each.wanted);
  }
}

TEST_CASE("a plan has at least one pause, in whole seconds") {
  CHECK(parse_pauses({"0", "5"}).value() == std::vector<seconds>{seconds(0), seconds(5)});
  CHECK(!parse_pauses({}));
  CHECK(!parse_pauses({"-1"}));
  CHECK(!parse_pauses({"1s"}));
  CHECK(!parse_pauses({""}));
  CHECK(!parse_pauses({"604801"}));
  CHECK(!parse_pauses(std::vector<std::string>(101, "1")));
}

}  // namespace sonde::webhook
