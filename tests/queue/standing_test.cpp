#include "queue/kafka/standing.hpp"

#include "queue/errc.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::queue::kafka {

TEST_CASE("an acknowledged record clears the error of its own topic only") {
  logger log(log_level::error);
  standing brokers(log);
  brokers.note_trouble(fail(errc::unavailable, "not authorized"), "requests");
  brokers.note_success("audit");
  CHECK(!brokers.now());
  brokers.note_success("requests");
  CHECK(brokers.now());
}

TEST_CASE("a response of the brokers clears the error of any topic, any record a general one") {
  logger log(log_level::error);
  standing brokers(log);
  brokers.note_trouble(fail(errc::unavailable, "not authorized"), "requests");
  brokers.note_success();
  CHECK(brokers.now());
  brokers.note_trouble(fail(errc::unavailable, "no broker answers"));
  brokers.note_success("audit");
  CHECK(brokers.now());
}

}  // namespace sonde::queue::kafka
