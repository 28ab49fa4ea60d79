#include "daemon/clock_watch.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::daemon {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct two_clocks final : clock {
  [[nodiscard]] wall_time now() const override { return wall; }
  [[nodiscard]] steady_time steady_now() const override { return steady; }
  void pass(milliseconds time) {
    wall += time;
    steady += time;
  }

  wall_time wall{seconds(1'767'323'045)};
  steady_time steady{};
};

}  // namespace

TEST_CASE("a steadily running clock has not jumped, however long the interval between checks") {
  two_clocks clock;
  clock_watch watch(clock);
  CHECK(!watch.look());
  clock.pass(hours(10));
  CHECK(!watch.look());
}

TEST_CASE("a clock that is set forward or back is reported as one jump") {
  two_clocks clock;
  clock_watch watch(clock);
  clock.wall += hours(24);
  clock.pass(seconds(1));
  CHECK(watch.look() == milliseconds(hours(24)));
  CHECK(!watch.look());
  clock.wall -= hours(25);
  CHECK(watch.look() == -milliseconds(hours(25)));
  CHECK(!watch.look());
}

TEST_CASE("a clock that is adjusted in small steps has not jumped") {
  two_clocks clock;
  clock_watch watch(clock);
  for (int i = 0; i < 100; ++i) {
    clock.wall += milliseconds(1'999);
    CHECK(!watch.look());
  }
}

}  // namespace sonde::daemon
