// The fold's reader accepts what the model's parsers accept, and reads the same values.

#include "views/fact_reader.hpp"

#include "model/events.hpp"
#include "tests/support/doctest.hpp"

#include <random>

namespace sonde::views {
namespace {

using model::json;

model::provenance from() {
  return {"alice",
          {"a", "b"},
          wall_time(std::chrono::seconds(1'767'323'045)),
          model::task_id("b7e03956-4eba-8003-b872-944cb7c8dc71")};
}

std::vector<std::string> entities() {
  json rich = {{"os", "a\"\\\u0001\u00e9"},
               {"numbers", {1, -2, 18446744073709551615U, 0.1, 1e300}},
               {"flag", true},
               {"list", json::array()}};
  auto full = model::make_entity("ip", "192.0.2.1", rich, from());
  full.tags = {"x", "", "\n\t"};
  full.reputation = -3;
  full.well_known = true;
  full.correlate = {"os"};
  auto bare = model::make_entity("hostname", "example.com", json::object(), from());
  bare.from.task.reset();
  return {to_json_text(full), to_json_text(bare)};
}

std::vector<std::string> associations() {
  auto a = model::entity_id_of("ip", "192.0.2.1");
  auto b = model::entity_id_of("ip", "192.0.2.2");
  json evidence = {{"module", "tls"}, {"chain-position", 0}, {"share", 0.30000000000000004}};
  auto full = make_association(a, model::association_mode::aggregation, b, evidence, from());
  auto bare = make_association(b, model::association_mode::association, a, {}, from());
  return {to_json_text(full), to_json_text(bare)};
}

void check_entity(const std::string& text) {
  CAPTURE(text);
  auto expected = model::parse_entity(text);
  bool has_value = expected && expected->attributes.contains(expected->type);
  auto got = fact_reader().entity(text);
  REQUIRE(bool(got) == has_value);
  if (!got) return;
  auto main_value = expected->attributes.at(expected->type);
  CHECK(got->id == expected->id);
  CHECK(got->type == expected->type);
  CHECK(got->value ==
        (main_value.is_string() ? main_value.get<std::string>() : model::to_text(main_value)));
  CHECK(model::parse_own(got->attributes) == expected->attributes);
  CHECK(model::parse_own(got->tags) == json(expected->tags));
  CHECK(got->has_details == (expected->attributes.size() > 1));
  CHECK(got->has_tags == !expected->tags.empty());
  CHECK(got->reputation == expected->reputation);
  CHECK(got->well_known == expected->well_known);
  expected->from.task.reset();
  CHECK(got->from == expected->from);
}

void check_association(const std::string& text) {
  CAPTURE(text);
  auto expected = model::parse_association(text);
  auto got = fact_reader().association(text);
  REQUIRE(bool(got) == bool(expected));
  if (!got) return;
  CHECK(got->from_entity == expected->from_entity);
  CHECK(got->to_entity == expected->to_entity);
  CHECK(got->mode == expected->mode);
  CHECK(model::parse_own(got->evidence) == expected->evidence);
  expected->from.task.reset();
  CHECK(got->from == expected->from);
}

/// The same value without one field, and with one field of a different type.
std::vector<std::string> spoilt(const std::string& text) {
  std::vector<std::string> out;
  auto whole = model::parse_own(text);
  for (const auto& [name, value] : whole.items()) {
    auto without = whole;
    without.erase(name);
    out.push_back(model::to_text(without));
    for (const json& other : {json(nullptr), json(7), json(-4), json("x"), json::array({1}),
                              json::array({"x"}), json::object(), json(true), json(1.5)}) {
      auto changed = whole;
      changed[name] = other;
      out.push_back(model::to_text(changed));
    }
  }
  return out;
}

/// The text with one byte changed, removed or cut off. Changes that duplicate a field are left out.
std::vector<std::string> damaged(const std::string& text) {
  std::mt19937 random(7);
  std::vector<std::string> out;
  for (int i = 0; i < 500; ++i) {
    auto changed = text;
    auto at = random() % changed.size();
    switch (random() % 3) {
      case 0: changed[at] = static_cast<char>(random() % 256); break;
      case 1: changed.erase(at, 1); break;
      default: changed.resize(at);
    }
    out.push_back(std::move(changed));
  }
  return out;
}

}  // namespace

TEST_CASE("entities are read and refused as the model reads and refuses them") {
  for (const auto& text : entities()) {
    check_entity(text);
    for (const auto& other : spoilt(text))
      check_entity(other);
    for (const auto& other : damaged(text))
      check_entity(other);
  }
}

TEST_CASE("associations are read and refused as the model reads and refuses them") {
  for (const auto& text : associations()) {
    check_association(text);
    for (const auto& other : spoilt(text))
      check_association(other);
    for (const auto& other : damaged(text))
      check_association(other);
  }
}

TEST_CASE("a record larger than the reader's buffer is read too") {
  auto entity = model::make_entity("ip", "192.0.2.1", json::object(), from());
  for (int i = 0; i < 20'000; ++i)
    entity.tags.push_back("tag" + std::to_string(i));
  fact_reader reader;
  for (int round = 0; round < 2; ++round) {
    auto got = reader.entity(to_json_text(entity));
    REQUIRE(got);
    CHECK(model::parse_own(got->tags).size() == 20'000);
  }
}

}  // namespace sonde::views
