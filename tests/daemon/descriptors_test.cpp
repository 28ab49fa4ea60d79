#include "daemon/descriptors.hpp"

#include "tests/support/doctest.hpp"

#include <sys/resource.h>

namespace sonde::daemon {

TEST_CASE("the soft limit is raised to the hard one") {
  auto budget = measure_descriptors(limits(), false);
  rlimit bounds{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &bounds) == 0);
  CHECK(bounds.rlim_cur == bounds.rlim_max);
  CHECK(budget.limit <= bounds.rlim_cur);
  CHECK(budget.limit > 0);
}

TEST_CASE("probes get what files and HTTP connections leave") {
  limits bounds;
  bounds.http_connections = 100;
  auto alone = measure_descriptors(bounds, false);
  auto beside = measure_descriptors(bounds, true);
  CHECK(alone.probes < alone.limit);
  CHECK(alone.probes - beside.probes == 100);
  CHECK(beside.connections == 100);
  bounds.http_connections = 100'000'000;
  auto crowded = measure_descriptors(bounds, true);
  CHECK(crowded.probes >= 64);
  CHECK(crowded.connections == crowded.limit / 2);
  CHECK(alone.limit / 2 >= alone.probes - crowded.probes);
}

TEST_CASE("a limit on descriptors makes them fewer, never more, and leaves some") {
  limits bounds;
  bounds.descriptors = 100;
  CHECK(measure_descriptors(bounds, false).probes == 100);
  bounds.descriptors = 1;
  CHECK(measure_descriptors(bounds, false).probes == 64);
  bounds.descriptors = 4'000'000'000;
  CHECK(measure_descriptors(bounds, false).probes < 4'000'000'000);
}

}  // namespace sonde::daemon
