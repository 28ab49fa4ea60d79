#include "daemon/topics.hpp"

#include "tests/support/doctest.hpp"

#include <set>
#include <string>

namespace sonde::daemon {

TEST_CASE("every topic of the design exists once, with its cleanup policy") {
  const std::set<std::string> compacted = {"credentials", "scan.tasks"};
  std::set<std::string> names;
  for (const auto& each : all_topics(3)) {
    CHECK(each.partitions == 3);
    names.insert(each.name);
    CHECK((each.policy == queue::cleanup::compact) == compacted.contains(each.name));
  }
  CHECK(names == std::set<std::string>{"scan.requests", "scan.requests.dlq", "scan.tasks",
                                       "scan.progress", "entities", "associations", "comments",
                                       "credentials", "idempotency", "webhook.requests",
                                       "webhook.requests.dlq", "webhook.deliveries", "audit"});
}

TEST_CASE("a topic has its configured retention unless it is compacted") {
  retention_table kept;
  kept["entities"] = {
      .time = std::chrono::hours(1), .bytes = 5, .repeats = std::chrono::minutes(2)};
  kept["scan.tasks"] = {.time = std::chrono::hours(1)};
  for (const auto& each : all_topics(1, kept)) {
    CAPTURE(each.name);
    bool configured = each.name == "entities";
    CHECK((each.retention == std::chrono::hours(1)) == configured);
    CHECK((each.retention_bytes == 5) == configured);
    CHECK(static_cast<bool>(each.repeats) == configured);
    if (configured) CHECK(each.compaction_lag == std::chrono::minutes(2));
    if (each.name == "scan.tasks") CHECK(each.compaction_lag == std::chrono::hours(1));
  }
}

}  // namespace sonde::daemon
