#include "ingest/scan_judgement.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::ingest {
namespace {

using model::task_state;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr wall_time now{seconds(1'767'323'045)};

bool answers(std::optional<wall_time> ended, seconds max_age) {
  scan_order order;
  order.max_age = max_age;
  return will_do(task_state::done, ended, order, now);
}

}  // namespace

TEST_CASE("a scan answers an order that is younger than the order wants it") {
  CHECK(answers(now - seconds(59), seconds(60)));
  CHECK(!answers(now - seconds(60), seconds(60)));
  CHECK(!answers(std::nullopt, seconds(60)));
}

TEST_CASE("a scan from the future answers no order, and none that wants a new scan") {
  CHECK(!answers(now + hours(1), hours(1000)));
  CHECK(!answers(now + hours(1), seconds(0)));
  CHECK(!answers(now + milliseconds(1), seconds(0)));
  CHECK(!answers(now, seconds(0)));
}

TEST_CASE("clocks of two machines may differ a little") {
  CHECK(answers(now + seconds(5), seconds(60)));
  CHECK(!answers(now + seconds(6), seconds(60)));
}

TEST_CASE("a scan that is under way answers every order, one that failed none") {
  scan_order order;
  order.max_age = seconds(0);
  CHECK(will_do(task_state::running, std::nullopt, order, now));
  order.max_age = hours(1);
  CHECK(!will_do(task_state::failed, now, order, now));
}

}  // namespace sonde::ingest
