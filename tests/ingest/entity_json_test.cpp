#include "ingest/facts/entity_json.hpp"

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
  out.what.reputation = {-2, 1, -3, 2};
  out.attributes = {{"ip", "203.0.113.1"}, {"country", "Chile"}};
  out.tags = {"seen"};
  out.visible_by = {"public"};
  return out;
}

/// Returns an ended scan that found these endpoints open, and these, open in an earlier scan,
/// closed.
model::scan_task scan_of(const std::vector<std::string>& open,
                         const std::vector<std::string>& closed, wall_time ended) {
  model::scan_task out;
  out.current.state = model::task_state::done;
  out.current.ended = ended;
  for (const auto& endpoint : open)
    out.results.emplace_back().endpoint = endpoint;
  for (const auto& endpoint : closed) {
    auto& past = out.past.emplace_back();
    past.endpoint = endpoint;
    past.closed = true;
  }
  return out;
}

}  // namespace

TEST_CASE("an entity is shown in the vocabulary of the analytics interface") {
  views::entity_details entity;
  entity.facts = known_address();
  views::related_entity port;
  port.what.id = model::entity_id_of("port", "443/tcp");
  port.what.type = "port";
  port.what.value = "443/tcp";
  port.what.reputation.average = -1;
  port.mode = model::association_mode::aggregation;
  auto name = port;
  name.what.type = "hostname";
  name.mode = model::association_mode::association;
  name.outgoing = false;
  entity.related = {port, name};
  entity.related_total = 7;
  auto out = to_json(entity, {});
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

TEST_CASE("numbers stay numbers, and a location is listed separately") {
  views::entity_details entity;
  entity.facts.what.type = "asn";
  entity.facts.what.value = "64496";
  entity.facts.attributes = {{"asn", 64496}, {"latitude", -33.4}, {"longitude", -70.7}};
  auto out = to_json(entity, {});
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
  auto out = to_json(graph, {});
  CHECK(out["nodes"][0]["@timestamp"] == "2026-01-02T12:01:00.000Z");
  CHECK(out["nodes"][0]["bestReputation"] == 1);
  CHECK(out["nodes"][0]["attributes"]["country"] == "Chile");
  CHECK(out["relations"][0]["source"] == "a-1");
  CHECK(out["relations"][0]["target"] == "b-2");
  CHECK(out["relations"][0]["mode"] == "aggregation");
  CHECK(out["relations"][0]["evidence"]["module"] == "tls");
}

TEST_CASE("ports and services show the verdict of the newest scan and its time") {
  auto open = scan_of({"203.0.113.1:443/tcp"}, {"203.0.113.1:80/tcp"}, lunch + seconds(90));
  auto older = scan_of({"203.0.113.1:80/tcp"}, {"203.0.113.1:443/tcp"}, lunch);
  port_verdicts ports;
  ports.take_in(open);
  ports.take_in(older);
  views::entity_details entity;
  entity.facts = known_address();
  for (auto [type, value] :
       {std::pair("service", "203.0.113.1:443/tcp"), std::pair("service", "203.0.113.1:80/tcp"),
        std::pair("port", "80/tcp"), std::pair("port", "22/tcp")}) {
    auto& one = entity.related.emplace_back();
    one.what.type = type;
    one.what.value = value;
    one.what.last_seen = one.last_seen = lunch;
  }
  auto told = to_json(entity, ports)["latest_associations"];
  CHECK(told[0]["state"] == "open");
  CHECK(told[0]["last_scanned"] == "2026-01-02T12:01:30.000Z");
  CHECK(told[1]["state"] == "closed");
  CHECK(told[1]["last_scanned"] == "2026-01-02T12:01:30.000Z");
  CHECK(told[1]["last_seen"] == "2026-01-02T12:00:00.000Z");
  CHECK(told[2]["state"] == "closed");
  CHECK(!told[3].contains("state"));
  CHECK(scanned_targets(entity).at(0).text() == "203.0.113.1");

  views::entity_graph graph;
  graph.nodes.push_back(known_address());
  graph.nodes.emplace_back().what = entity.related[1].what;
  CHECK(to_json(graph, ports)["nodes"][1]["state"] == "closed");
  CHECK(!to_json(graph, ports)["nodes"][0].contains("state"));
  CHECK(scanned_targets(graph).size() == 1);

  // It was seen open after that scan, by a scan that is running or that this reader may not see.
  entity.related[1].what.last_seen = lunch + seconds(100);
  CHECK(to_json(entity, ports)["latest_associations"][1]["state"] == "open");
}

TEST_CASE("unfinished scans and scans of other targets give no port verdicts") {
  auto running = scan_of({"203.0.113.1:443/tcp"}, {}, lunch);
  running.current.state = model::task_state::running;
  running.current.ended.reset();
  port_verdicts ports;
  ports.take_in(running);
  views::entity_summary service;
  service.value = "203.0.113.1:443/tcp";
  CHECK(!ports.of_service(service));
  CHECK(!ports.of_port("203.0.113.1", "no port", lunch));
  CHECK(!ports.of_port("no address", "443/tcp", lunch));
  // An entity without ports needs no scans.
  views::entity_details bare;
  bare.facts = known_address();
  CHECK(scanned_targets(bare).empty());
}

}  // namespace sonde::ingest
