#include "ingest/entity_json.hpp"

#include "tests/support/doctest.hpp"

namespace sonde::ingest {
namespace {

using model::json;
using std::chrono::seconds;

const wall_time lunch{seconds(1'767'355'200)};  // 2026-01-02T12:00:00Z

views::entity_facts known_address() {
  views::entity_facts out;
  out.what.id = model::entity_id_of("ip", "203.0.113.1");
  out.what.type = "ip";
  out.what.value = "203.0.113.1";
  out.what.first_seen = lunch;
  out.what.last_seen = lunch + seconds(60);
  out.what.standing = {-2, 1, -3, 2};
  out.attributes = {{"ip", "203.0.113.1"}, {"country", "Chile"}};
  out.tags = {"seen"};
  out.visible_by = {"public"};
  return out;
}

}  // namespace

TEST_CASE("an entity is told in the words of the analytics interface") {
  views::entity_details entity;
  entity.facts = known_address();
  views::related_entity port;
  port.what.id = model::entity_id_of("port", "443/tcp");
  port.what.type = "port";
  port.what.value = "443/tcp";
  port.what.standing.reputation = -1;
  port.mode = model::association_mode::aggregation;
  auto name = port;
  name.what.type = "hostname";
  name.mode = model::association_mode::association;
  name.outgoing = false;
  entity.related = {port, name};
  entity.related_total = 7;
  auto out = to_json(entity);
  const auto& about = out["attributes"];
  CHECK(about["value"] == "203.0.113.1");
  CHECK(about["tags"] == json{"seen"});
  CHECK(about["reputation"] == "malicious");
  CHECK(about["reputation_score"] == -2);
  CHECK(about["best_reputation"] == "likely benign");
  CHECK(about["worst_reputation_score"] == -3);
  CHECK(about["accuracy"] == "medium");
  CHECK(about["first_seen"] == "2026-01-02T12:00:00.000Z");
  CHECK(out["metadata"] == json{{"country", "Chile"}});
  CHECK(out["geolocations"].empty());
  REQUIRE(out["extended_metadata"].size() == 1);
  CHECK(out["extended_metadata"][0]["direction"] == "to");
  CHECK(out["extended_metadata"][0]["reputation"] == "suspicious");
  REQUIRE(out["latest_associations"].size() == 1);
  CHECK(out["latest_associations"][0]["direction"] == "from");
  CHECK(out["associations_total"] == 7);
}

TEST_CASE("numbers stay numbers, and a place is told apart") {
  views::entity_details entity;
  entity.facts.what.type = "asn";
  entity.facts.what.value = "64496";
  entity.facts.attributes = {{"asn", 64496}, {"latitude", -33.4}, {"longitude", -70.7}};
  auto out = to_json(entity);
  CHECK(out["attributes"]["value"] == 64496);
  CHECK(out["attributes"]["label"] == "64496");
  REQUIRE(out["geolocations"].size() == 1);
  CHECK(out["geolocations"][0] == json{{"latitude", -33.4}, {"longitude", -70.7}});
}

TEST_CASE("a graph has nodes and the relations between them") {
  views::entity_graph graph;
  graph.nodes = {known_address()};
  graph.edges.push_back({model::entity_id("a-1"), model::entity_id("b-2"),
                         model::association_mode::aggregation, json{{"module", "tls"}}});
  auto out = to_json(graph);
  CHECK(out["nodes"][0]["@timestamp"] == "2026-01-02T12:01:00.000Z");
  CHECK(out["nodes"][0]["bestReputation"] == 1);
  CHECK(out["nodes"][0]["attributes"]["country"] == "Chile");
  CHECK(out["relations"][0]["source"] == "a-1");
  CHECK(out["relations"][0]["target"] == "b-2");
  CHECK(out["relations"][0]["mode"] == "aggregation");
  CHECK(out["relations"][0]["evidence"]["module"] == "tls");
}

}  // namespace sonde::ingest
