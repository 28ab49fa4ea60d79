#include "daemon/descriptors.hpp"

#include "tests/support/doctest.hpp"

#include <cstdio>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace sonde::daemon {

TEST_CASE("a closed standard stream is opened as an unusable descriptor") {
  for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    std::fflush(nullptr);
    int saved = dup(stream);
    close(stream);
    bool opened = open_standard_streams();
    int flags = fcntl(stream, F_GETFL);
    char byte = 'x';
    bool used = stream == STDIN_FILENO ? read(stream, &byte, 1) >= 0 : write(stream, &byte, 1) >= 0;
    dup2(saved, stream);
    close(saved);
    CAPTURE(stream);
    CHECK(opened);
    CHECK(flags >= 0);
    CHECK(!used);
  }
}

TEST_CASE("open standard streams stay unchanged") {
  int before = fcntl(STDOUT_FILENO, F_GETFL);
  CHECK(open_standard_streams());
  CHECK(fcntl(STDOUT_FILENO, F_GETFL) == before);
}

TEST_CASE("the soft limit of descriptors is raised to the hard limit") {
  auto budget = measure_descriptors(limits(), http_use::none);
  rlimit bounds{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &bounds) == 0);
  CHECK(bounds.rlim_cur == bounds.rlim_max);
  CHECK(budget.limit <= bounds.rlim_cur);
  CHECK(budget.limit > 0);
}

TEST_CASE("probes get the descriptors that files and HTTP connections leave") {
  limits bounds;
  bounds.http_connections = 100;
  auto alone = measure_descriptors(bounds, http_use::none);
  auto beside = measure_descriptors(bounds, http_use::listen);
  CHECK(alone.probes < alone.limit);
  CHECK(alone.probes - beside.probes == 100);
  CHECK(beside.connections == 100);
  bounds.http_connections = 100'000'000;
  auto crowded = measure_descriptors(bounds, http_use::listen);
  CHECK(crowded.probes >= 64);
  CHECK(crowded.connections == crowded.limit / 2);
  CHECK(alone.limit / 2 >= alone.probes - crowded.probes);
}

TEST_CASE(
    "a configured limit lowers the number of descriptors, never raises it, and leaves a minimum") {
  limits bounds;
  bounds.descriptors = 100;
  CHECK(measure_descriptors(bounds, http_use::none).probes == 100);
  bounds.descriptors = 1;
  CHECK(measure_descriptors(bounds, http_use::none).probes == 64);
  bounds.descriptors = 4'000'000'000;
  CHECK(measure_descriptors(bounds, http_use::none).probes < 4'000'000'000);
}

}  // namespace sonde::daemon
