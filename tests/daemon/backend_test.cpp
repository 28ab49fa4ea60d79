#include "daemon/backend.hpp"

#include "tests/support/doctest.hpp"
#include "tests/support/temporary_folder.hpp"

namespace sonde::daemon {

TEST_CASE("the configured backend is opened once for writing and again for reading") {
  test::temporary_folder folder;
  configuration config;
  config.data_dir = folder.path();
  system_clock clock;
  logger log(log_level::error);
  auto none = open_queue(config, queue_use::read, clock, log);
  CHECK(!none);
  auto writer = open_queue(config, queue_use::serve, clock, log);
  REQUIRE(writer);
  auto second = open_queue(config, queue_use::serve, clock, log);
  CHECK(!second);
  auto reader = open_queue(config, queue_use::read, clock, log);
  REQUIRE(reader);
  CHECK((*reader)->identity() == (*writer)->identity());
  (*reader)->close();
  (*writer)->close();
}

}  // namespace sonde::daemon
