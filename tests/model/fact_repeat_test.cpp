#include "model/facts/fact_repeat.hpp"

#include "base/hash.hpp"
#include "model/events.hpp"
#include "model/text/json.hpp"
#include "tests/support/doctest.hpp"

#include <algorithm>

namespace sonde::model {
namespace {

constexpr const char* time_of_fact = "2026-01-02T03:04:05.006Z";

record entity_of(const json& said) {
  return {topics::entities, "key", to_text(said), {}};
}

std::optional<repeat_mark> mark_of(const std::string& text) {
  return repeat_of({topics::entities, "key", text, {}});
}

/// Returns facts that are hard to cut: strings that contain brackets, quotes and names of members.
std::vector<json> awkward_facts() {
  json plain = {{"time", time_of_fact}, {"task", "t"}, {"value", "v"}};
  std::vector<json> out = {plain, {{"time", time_of_fact}}, {{"time", time_of_fact}, {"a", 1}}};
  for (const char* text :
       {"\"", "\\", "\\\"", "}", "]", "{[", ",\"time\":\"", "\n\t\x01", "é😀", ""}) {
    for (const char* name : {"a", "evidence", "tasks", "zz"}) {
      auto one = plain;
      one[name] = text;
      out.push_back(one);
      one[name] = {{text, {text, {{"time", text}, {"task", text}}}}};
      out.push_back(one);
    }
    auto one = plain;
    one[text] = text;
    out.push_back(one);
  }
  return out;
}

}  // namespace

TEST_CASE(
    "the mark of a fact covers its text without time, task and, for an association, evidence") {
  for (const auto& topic : {topics::entities, topics::associations}) {
    for (const auto& fact : awkward_facts()) {
      auto rest = fact;
      rest.erase("time");
      rest.erase("task");
      if (topic == topics::associations) rest.erase("evidence");
      // Files contain marks of earlier versions: their calculation must not change.
      auto digest = sha256(std::string(topic) + "\nkey\n" + to_text(rest));
      auto mark = repeat_of({topic, "key", to_text(fact), {}});
      CAPTURE(to_text(fact));
      REQUIRE(mark.has_value());
      CHECK(std::ranges::equal(mark->said, std::span(digest).first(mark->said.size())));
      CHECK(mark->time == from_rfc3339(time_of_fact));
    }
  }
}

TEST_CASE("facts that differ in any other field have different marks") {
  std::vector<decltype(repeat_mark::said)> said;
  auto facts = awkward_facts();
  std::ranges::sort(facts);
  facts.erase(std::unique(facts.begin(), facts.end()), facts.end());
  for (const auto& fact : facts)
    said.push_back(repeat_of(entity_of(fact)).value().said);
  std::ranges::sort(said);
  CHECK(std::ranges::adjacent_find(said) == said.end());
}

TEST_CASE("a record that is not a fact with a time has no mark") {
  for (const char* text :
       {"", "{", "{}", "null", "[]", "{\"", "{\"}", "{\"time", "{\"time\"}", "{\"time\":}",
        R"({"time":"yesterday"})", R"({"time":1})", R"({"time":{}})", R"({"a":"b"})",
        R"({"time":"2026-01-02T03:04:05.006Z)", R"({"a":["time":"2026-01-02T03:04:05.006Z"})",
        R"({"time":"2026-01-02T03:04:05.006Z","a":"\})", R"({"time":"2026-01-02T03:04:05.006Z",})",
        R"({"time":"2026-01-02T03:04:05.006Z","a"=1})"}) {
    CAPTURE(text);
    CHECK_FALSE(mark_of(text).has_value());
  }
  CHECK_FALSE(
      repeat_of({topics::comments, "key", to_text({{"time", time_of_fact}}), {}}).has_value());
}

}  // namespace sonde::model
