#include "base/metrics.hpp"

#include "tests/support/doctest.hpp"

namespace sonde {
namespace {

bool has(const metrics& counts, const std::string& line) {
  return (counts.text() + "\n").find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("requests for the same name and labels return the same series") {
  metrics counts;
  counts.count("asked_total", "Questions.", {{"by", "one"}}).add();
  counts.count("asked_total", "Questions.", {{"by", "one"}}).add(2);
  counts.count("asked_total", "Questions.", {{"by", "two"}}).add();
  CHECK(has(counts, "asked_total{by=\"one\"} 3"));
  CHECK(has(counts, "asked_total{by=\"two\"} 1"));
  CHECK(has(counts, "# TYPE asked_total counter"));
}

TEST_CASE("a gauge shows its last value, a histogram counts the observations up to each bound") {
  metrics counts;
  auto level = counts.show("level", "How high it stands.");
  level.set(5);
  level.set(2);
  CHECK(has(counts, "level 2"));
  auto took = counts.time("took_seconds", "How long it took.");
  took.observe(0.002);
  took.observe(30);
  CHECK(has(counts, "took_seconds_bucket{le=\"0.001\"} 0"));
  CHECK(has(counts, "took_seconds_bucket{le=\"0.0025\"} 1"));
  CHECK(has(counts, "took_seconds_bucket{le=\"60\"} 2"));
  CHECK(has(counts, "took_seconds_count 2"));
}

TEST_CASE("the value of a label is escaped") {
  metrics counts;
  counts.show("named", "Names.", {{"name", "a \"quoted\"\nname"}}).set(1);
  CHECK(has(counts, R"(named{name="a \"quoted\"\nname"} 1)"));
}

}  // namespace sonde
