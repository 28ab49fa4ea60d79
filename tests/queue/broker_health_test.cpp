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

TEST_CASE("a response about no topic, and any record, clears a general error, but not a topic's") {
  logger log(log_level::error);
  broker_health brokers(log);
  brokers.note_error(fail(errc::unavailable, "not authorized"), "requests");
  brokers.note_success();
  CHECK(!brokers.now());
  brokers.note_success("requests");
  brokers.note_error(fail(errc::unavailable, "no broker answers"));
  brokers.note_success("audit");
  CHECK(brokers.now());
  brokers.note_error(fail(errc::unavailable, "no broker answers"));
  brokers.note_success();
  CHECK(brokers.now());
}

TEST_CASE("a check clears a general error at once, and a topic's when it may be tried again") {
  logger log(log_level::error);
  broker_health brokers(log);
  auto now = std::chrono::steady_clock::now();
  brokers.note_error(fail(errc::unavailable, "no broker answers"));
  brokers.note_checked(now);
  CHECK(brokers.now());
  brokers.note_error(fail(errc::unavailable, "not authorized"), "requests");
  brokers.note_checked(now);
  brokers.note_checked(now + broker_health::retest_after - std::chrono::seconds(1));
  CHECK(!brokers.now());
  brokers.note_checked(now + broker_health::retest_after + std::chrono::hours(1));
  CHECK(brokers.now());
}

}  // namespace sonde::queue::kafka
