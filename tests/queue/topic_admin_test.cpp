// The topic settings sent to Kafka, and the report on a topic whose settings differ.

#include "queue/kafka/topic_admin.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::queue::kafka {
namespace {

using std::chrono::hours;

topic_spec entities() {
  return {.name = "entities",
          .partitions = 64,
          .retention = hours(24 * 90),
          .retention_bytes = std::uint64_t{64} << 30U};
}

}  // namespace

TEST_CASE(
    "partitions share the byte limit of their topic, and a segment is a fraction of a partition") {
  limits bounds;
  auto wanted = wanted_settings(entities(), bounds);
  CHECK(wanted["retention.ms"] == "7776000000");
  CHECK(wanted["retention.bytes"] == "1073741824");
  CHECK(wanted["segment.bytes"] == "134217728");
  auto small = entities();
  small.retention_bytes = 64U << 20U;
  CHECK(wanted_settings(small, bounds)["segment.bytes"] == "1048576");
  auto endless = entities();
  endless.retention = {};
  endless.retention_bytes = 0;
  wanted = wanted_settings(endless, bounds);
  CHECK(wanted["retention.ms"] == "-1");
  CHECK(wanted["retention.bytes"] == "-1");
  CHECK(!wanted.contains("segment.bytes"));
}

TEST_CASE("a topic that keeps uncommitted records has no retention in Kafka") {
  limits bounds;
  auto kept = entities();
  kept.keep_uncommitted = true;
  auto wanted = wanted_settings(kept, bounds);
  CHECK(wanted["retention.ms"] == "-1");
  CHECK(wanted["retention.bytes"] == "-1");
}

TEST_CASE("a retention that differs from the configuration is reported, by age and by bytes") {
  limits bounds;
  auto spec = entities();
  topic_names names({spec}, "sonde");
  topic_state found{true, 64, 1, wanted_settings(spec, bounds)};
  auto well = check_topic(spec, found, names, bounds);
  CHECK(well.problems.empty());
  CHECK(well.advice.empty());
  found.settings["retention.ms"] = "-1";
  found.settings["retention.bytes"] = "-1";
  auto report = check_topic(spec, found, names, bounds);
  CHECK(report.problems.empty());
  CHECK(report.advice ==
        std::vector<std::string>{"retention.ms is -1 and should be 7776000000",
                                 "retention.bytes is -1 and should be 1073741824"});
}

}  // namespace sonde::queue::kafka
