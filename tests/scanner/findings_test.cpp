#include "scanner/findings.hpp"

#include "base/hash.hpp"
#include "base/record_size.hpp"
#include "model/events.hpp"
#include "tests/scanner/sample_findings.hpp"
#include "tests/support/doctest.hpp"
#include "tests/support/limits.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace sonde::scanner {
namespace {

using test::certificate;
using test::check_whole;
using test::edge_to;
using test::edges_of;
using test::entity_of;
using test::found_at;
using test::ip;
using test::open_port;
using test::pointer;
using test::sample;
using test::task_for;
using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a scan yields exactly the expected edges") {
  auto found = findings_of(sample(), task_for("www.example.com"), found_at, {});
  check_whole(found);
  auto a = "certificate:" + std::string(64, 'a');
  auto b = "certificate:" + std::string(64, 'b');
  const std::set<std::string> expected = {
      "hostname:www.example.com - ip:203.0.113.1",
      "hostname:www.example.com - ip:2001:db8::1",
      "hostname:www.example.com > port:22/tcp",
      "hostname:www.example.com > port:443/tcp",
      "ip:203.0.113.1 > port:22/tcp",
      "ip:203.0.113.1 > port:443/tcp",
      "hostname:www.example.com > service:203.0.113.1:22/tcp",
      "hostname:www.example.com > service:203.0.113.1:443/tcp",
      "ip:203.0.113.1 > service:203.0.113.1:22/tcp",
      "ip:203.0.113.1 > service:203.0.113.1:443/tcp",
      "port:22/tcp > service:203.0.113.1:22/tcp",
      "port:443/tcp > service:203.0.113.1:443/tcp",
      "service:203.0.113.1:22/tcp > banner:SSH-2.0-OpenSSH_9.2p1",
      "service:203.0.113.1:443/tcp > banner:HTTP/1.1 200 OK Date: * Server: nginx",
      "service:203.0.113.1:443/tcp - " + a,
      "service:203.0.113.1:443/tcp - " + b,
      "hostname:www.example.com - " + a,
      "ip:203.0.113.1 - " + a,
      a + " - hostname:www.example.com",
      a + " - hostname:mail.example.com",
  };
  CHECK(edges_of(found) == expected);
}

TEST_CASE("an address target has no name entity, and IPv6 endpoints have brackets") {
  model::scan_observation seen;
  seen.target = model::target::parse("2001:db8::1").value();
  seen.addresses = {{ip("2001:db8::1"), {}, {open_port("2001:db8::1", 80)}}};
  auto found = findings_of(seen, task_for("2001:db8::1"), found_at, {});
  check_whole(found);
  CHECK(edges_of(found) == std::set<std::string>{
                               "ip:2001:db8::1 > port:80/tcp",
                               "ip:2001:db8::1 > service:[2001:db8::1]:80/tcp",
                               "port:80/tcp > service:[2001:db8::1]:80/tcp",
                           });
}

TEST_CASE("ids depend only on what was seen") {
  auto seen = sample();
  auto first = findings_of(seen, task_for("www.example.com"), found_at, {});
  auto task = task_for("www.example.com", 7);
  task.visibility = {"green"};
  task.current.id = model::task_id_of(task.key, 9);
  auto again = findings_of(seen, task, found_at + std::chrono::hours(1), {});
  REQUIRE(first.entities.size() == again.entities.size());
  REQUIRE(first.associations.size() == again.associations.size());
  for (std::size_t i = 0; i < first.entities.size(); ++i)
    CHECK(first.entities[i].id == again.entities[i].id);
  for (std::size_t i = 0; i < first.associations.size(); ++i)
    CHECK(first.associations[i].id == again.associations[i].id);
}

TEST_CASE("every entity names its visibility and source, and every edge has its evidence") {
  auto task = task_for("www.example.com", 3);
  auto found = findings_of(sample(), task, found_at, {});
  for (const auto& each : found.entities) {
    CHECK(each.from == model::provenance{"sonde", {"blue", "red"}, found_at, task.current.id});
  }
  for (const auto& each : found.associations) {
    CHECK(each.from.visible_by == model::group_list{"blue", "red"});
    CHECK(each.evidence["task"] == task.current.id.str());
    CHECK(each.evidence["attempt"] == 3);
    CHECK(each.evidence["time"] == to_rfc3339(found_at));
    CHECK(each.evidence.contains("module"));
  }
  auto service = model::entity_id_of("service", "203.0.113.1:443/tcp");
  auto leaf = model::entity_id_of("certificate", std::string(64, 'a'));
  auto issuer = model::entity_id_of("certificate", std::string(64, 'b'));
  const auto& why = edge_to(found, service, leaf).evidence;
  CHECK(why["endpoint"] == "203.0.113.1:443/tcp");
  CHECK(why["module"] == "tls");
  CHECK(why["sni"] == "www.example.com");
  CHECK(why["chain-position"] == 0);
  CHECK(!why.contains("mismatched"));
  CHECK(edge_to(found, service, issuer).evidence["chain-position"] == 1);
}

TEST_CASE(
    "a certificate mismatch belongs to the endpoint, so it is evidence and not an attribute") {
  auto seen = sample();
  seen.addresses[0].endpoints[1].tls->mismatched = true;
  auto found = findings_of(seen, task_for("www.example.com"), found_at, {});
  auto service = model::entity_id_of("service", "203.0.113.1:443/tcp");
  auto leaf = model::entity_id_of("certificate", std::string(64, 'a'));
  CHECK(edge_to(found, service, leaf).evidence["mismatched"] == true);
  CHECK(entity_of(found, "certificate").attributes ==
        model::json({{"certificate", std::string(64, 'a')},
                     {"sha256", std::string(64, 'a')},
                     {"subject", "CN=a"}}));
}

TEST_CASE("a service has the attributes that its endpoint showed, and no name without evidence") {
  auto found = findings_of(sample(), task_for("www.example.com"), found_at, {});
  CHECK(entity_of(found, "service").attributes == model::json({{"service", "203.0.113.1:22/tcp"},
                                                               {"address", "203.0.113.1"},
                                                               {"port", 22},
                                                               {"transport", "tcp"},
                                                               {"name", "ssh"},
                                                               {"product", "OpenSSH"},
                                                               {"version", "9.2p1"},
                                                               {"tls", false}}));
  model::scan_observation bare;
  bare.target = model::target::parse("203.0.113.1").value();
  bare.addresses = {{ip("203.0.113.1"), {}, {open_port("203.0.113.1", 22)}}};
  found = findings_of(bare, task_for("203.0.113.1"), found_at, {});
  CHECK(!entity_of(found, "service").attributes.contains("name"));
  CHECK(found.associations[0].evidence["module"] == "connect");
}

TEST_CASE("a banner has its cleaned text and its raw bytes") {
  auto seen = sample();
  auto& endpoint = seen.addresses[0].endpoints[0];
  endpoint.raw_banner = "  hello \x01\r\n\r\n w\xF6rld 12:30  ";
  endpoint.masked_banner = "  hello \x01\r\n\r\n w\xF6rld *  ";
  auto banner = entity_of(findings_of(seen, task_for("www.example.com"), found_at, {}), "banner");
  CHECK(banner.attributes["banner"] == "hello w rld *");
  CHECK(banner.attributes["raw"] == to_base64(endpoint.raw_banner));
  endpoint.raw_banner = endpoint.masked_banner = std::string("\0\x01\x02", 3);
  banner = entity_of(findings_of(seen, task_for("www.example.com"), found_at, {}), "banner");
  CHECK(banner.attributes["banner"] == "hex:" + to_hex(sha256(endpoint.raw_banner)));
  endpoint.raw_banner = endpoint.masked_banner = std::string(10'000, 'x');
  test::limits bounds;
  banner = entity_of(findings_of(seen, task_for("www.example.com"), found_at, bounds), "banner");
  CHECK(banner.attributes["banner"].get<std::string>().size() == bounds.banner_text_bytes);
}

TEST_CASE("a nonexistent name yields no entity, and an unresolved name yields only its host name") {
  model::scan_observation seen;
  seen.target = model::target::parse("absent.example").value();
  seen.how = {model::outcome_kind::nxdomain, "absent.example does not exist"};
  auto found = findings_of(seen, task_for("absent.example"), found_at, {});
  CHECK(found.entities.empty());
  CHECK(found.associations.empty());
  seen.how = {model::outcome_kind::servfail, "no"};
  found = findings_of(seen, task_for("absent.example"), found_at, {});
  REQUIRE(found.entities.size() == 1);
  CHECK(found.entities[0].type == "hostname");
  CHECK(found.results_total == 0);
}

TEST_CASE("a certificate of a chain that was not parsed is left out") {
  auto seen = sample();
  seen.certificates.pop_back();
  auto found = findings_of(seen, task_for("www.example.com"), found_at, {});
  check_whole(found);
  CHECK(std::ranges::count(found.entities, "certificate", &model::entity::type) == 1);
}

TEST_CASE("the table of results holds rows up to the limit and counts all of them") {
  test::limits bounds;
  bounds.results_endpoints = 1;
  auto found = findings_of(sample(), task_for("www.example.com"), found_at, bounds);
  REQUIRE(found.results.size() == 1);
  CHECK(found.results_total == 2);
  CHECK(found.results[0].endpoint == "203.0.113.1:22/tcp");
  found = findings_of(sample(), task_for("www.example.com"), found_at, {});
  REQUIRE(found.results.size() == 2);
  const auto& https = found.results[1];
  CHECK(https.service == model::entity_id_of("service", "203.0.113.1:443/tcp"));
  CHECK(https.tls);
  CHECK(https.name == "http");
  CHECK(https.banner == "HTTP/1.1 200 OK");
  CHECK(https.certificate == std::string(64, 'a'));
  CHECK(https.subject == "CN=a");
  CHECK(https.not_after == "2027-01-01T00:00:00Z");
}

TEST_CASE("records come in the order of publication and can be parsed back") {
  auto task = task_for("www.example.com", 2);
  auto found = findings_of(sample(), task, found_at, {});
  auto records = records_of(found, task, {});
  REQUIRE(records.size() == found.entities.size() + found.associations.size());
  std::set<std::string> event_ids;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto& each = records[i];
    bool is_entity = i < found.entities.size();
    CHECK(each.topic == (is_entity ? model::topics::entities : model::topics::associations));
    if (is_entity) {
      CHECK(each.key == found.entities[i].id.str());
      CHECK(model::parse_entity(each.value).value() == found.entities[i]);
    } else {
      const auto& edge = found.associations[i - found.entities.size()];
      CHECK(each.key == edge.id.str());
      CHECK(model::parse_association(each.value).value() == edge);
    }
    REQUIRE(find_header(each.headers, "ce_id") != nullptr);
    CHECK(event_ids.insert(*find_header(each.headers, "ce_id")).second);
  }
}

TEST_CASE("a certificate that is too large for a topic is shortened and marked as truncated") {
  auto seen = sample();
  texts names;
  for (int i = 0; i < 60'000; ++i)
    names.push_back("n" + std::to_string(i) + ".example.com");
  auto large = *seen.certificates[0];
  large.attributes["san-dns"] = names;
  large.attributes["subject"] = std::string(300'000, 'x');
  seen.certificates[0] = pointer(std::move(large));
  auto task = task_for("www.example.com");
  test::limits bounds;
  auto found = findings_of(seen, task, found_at, bounds);
  auto records = records_of(found, task, bounds);
  for (const auto& each : records)
    CHECK(size_of(each) <= bounds.record_max_bytes);
  const auto& shortened = entity_of(found, "certificate").attributes;
  CHECK(shortened["truncated"] == true);
  CHECK(shortened["sha256"] == std::string(64, 'a'));
  CHECK(shortened["san-dns-total"] == 60'000);
  CHECK(shortened["san-dns"].size() > 1'000);
  CHECK(shortened["san-dns"].size() < 60'000);
  CHECK(shortened["subject"] == std::string(300'000, 'x'));
}

}  // namespace sonde::scanner
