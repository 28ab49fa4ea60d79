#include "daemon/retention.hpp"

#include "daemon/topic_settings.hpp"
#include "daemon/topics.hpp"
#include "tests/support/doctest.hpp"

#include <algorithm>

namespace sonde::daemon {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const queue::topic_spec& topic_of(const std::vector<queue::topic_spec>& all,
                                  const std::string& name) {
  return *std::ranges::find(all, name, &queue::topic_spec::name);
}

}  // namespace

TEST_CASE("durations are read and shown in their shortest form") {
  struct read_as {
    const char* text;
    seconds time;
    const char* shown;
  };
  for (const auto& each : {read_as{"0", seconds(0), "0"}, read_as{"90d", hours(2160), "90d"},
                           read_as{"14d", hours(336), "2w"}, read_as{"36h", hours(36), "36h"},
                           read_as{"60s", seconds(60), "1m"}, read_as{"90s", seconds(90), "90s"},
                           read_as{"36500d", hours(876'000), "36500d"}}) {
    CAPTURE(each.text);
    auto time = parse_duration(each.text);
    REQUIRE(time);
    CHECK(*time == each.time);
    CHECK(duration_text(*time) == each.shown);
    CHECK(parse_duration(duration_text(*time)).value() == each.time);
  }
}

TEST_CASE("an invalid duration is refused with an example") {
  for (const char* text : {"", "d", "90", "-1d", "1.5d", "90 d", "90D", "9 0d", "1y", "59s", "0d",
                           "36501d", "99999999999999999999w", "9223372036854775807w", "1dd"}) {
    CAPTURE(text);
    auto time = parse_duration(text);
    REQUIRE(!time);
    CHECK(time.error().message().find("as in \"90d\"") != std::string::npos);
  }
}

TEST_CASE("topics are retained as configured, and compacted topics have no retention") {
  auto kept = default_retention();
  kept["entities"] = {hours(24), 1'000};
  kept["scan.requests"].time = hours(2);
  auto all = all_topics(1, kept);
  CHECK(topic_of(all, "entities").retention == hours(24));
  CHECK(topic_of(all, "entities").retention_bytes == 1'000);
  CHECK(topic_of(all, "scan.requests").retention == hours(2));
  CHECK(topic_of(all, "scan.requests").keep_uncommitted);
  CHECK(topic_of(all, "webhook.requests").keep_uncommitted);
  CHECK(topic_of(all, "associations").retention.count() == 0);
  for (const char* name : {"scan.tasks", "credentials"}) {
    CHECK(!kept.contains(name));
    CHECK(topic_of(all, name).policy == queue::cleanup::compact);
  }
  CHECK(kept.size() + 2 == all.size());
}

TEST_CASE("only `entities` removes repeated facts, after a day; zero turns it off") {
  auto kept = default_retention();
  kept["associations"].repeats = seconds(0);
  for (const auto& each : all_topics(1, kept)) {
    CAPTURE(each.name);
    CHECK(bool(each.repeats) == (each.name == "entities"));
  }
  CHECK(topic_of(all_topics(1, kept), "entities").compaction_lag == hours(24));
}

TEST_CASE("removal of repeats is refused for Kafka, which cannot do it") {
  configuration config;
  CHECK(check_retention(config));
  config.topics["entities"].repeats = hours(1);
  CHECK(check_retention(config));
  config.queue.backend = "kafka";
  auto refused = check_retention(config);
  REQUIRE(!refused);
  CHECK(refused.error().message().find("topics.entities.repeats: Apache Kafka cannot remove") !=
        std::string::npos);
}

}  // namespace sonde::daemon
