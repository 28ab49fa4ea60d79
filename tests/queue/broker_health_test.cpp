#include "queue/kafka/broker_health.hpp"

#include "queue/errc.hpp"
#include "tests/support/doctest.hpp"

namespace sonde::queue::kafka {

TEST_CASE("an acknowledged record clears the error of its own topic only") {
  logger log(log_level::error);
  broker_health brokers(log);
  brokers.note_error(fail(errc::unavailable, "not authorized"), "requests");
  brokers.note_success("audit");
  CHECK(!brokers.now());
  brokers.note_success("requests");
  CHECK(brokers.now());
}

TEST_CASE("a broker response clears any topic's error, and any record clears a general error") {
  logger log(log_level::error);
  broker_health brokers(log);
  brokers.note_error(fail(errc::unavailable, "not authorized"), "requests");
  brokers.note_success();
  CHECK(brokers.now());
  brokers.note_error(fail(errc::unavailable, "no broker answers"));
  brokers.note_success("audit");
  CHECK(brokers.now());
}

}  // namespace sonde::queue::kafka
