#include "scanner/related_entities.hpp"

#include "scanner/findings.hpp"
#include "tests/scanner/sample_findings.hpp"
#include "tests/support/doctest.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sonde::scanner {
namespace {

using texts = std::vector<std::string>;

/// The entities of a service with these facts: `hostname mail.example.org by hostname`.
texts related_to(std::string name, std::vector<model::service_fact> facts, std::string cpe = {}) {
  model::service_observation service;
  service.name = std::move(name);
  service.cpe = std::move(cpe);
  service.facts = std::move(facts);
  texts out;
  for (const auto& each : related_entities(service)) {
    out.push_back(std::string(each.type) + " " + each.value);
    if (!each.fact.empty()) out.back() += " by " + each.fact;
  }
  return out;
}

}  // namespace

TEST_CASE("a product, a host key, a host name and a domain become entities") {
  CHECK(related_to("http", {}, "cpe:2.3:a:f5:nginx:1.22.1:*:*:*:*:*:*:*") ==
        texts{"cpe cpe:2.3:a:f5:nginx:1.22.1:*:*:*:*:*:*:*"});
  CHECK(related_to("ssh", {{"host-key-fingerprint", "SHA256:Ab+c"}}) ==
        texts{"ssh-fingerprint SHA256:Ab+c by host-key-fingerprint"});
  CHECK(related_to("kerberos", {{"realm", "EXAMPLE.ORG"}}) == texts{"domain example.org by realm"});
  CHECK(related_to("ldap", {{"hostname", "DC1.example.org"},
                            {"default-naming-context", "DC=example,DC=org"},
                            {"naming-context", "CN=Configuration,DC=example,DC=org"},
                            {"naming-context", "dc=example, dc=net"}}) ==
        texts{"hostname dc1.example.org by hostname",
              "domain example.org by default-naming-context",
              "domain example.net by naming-context"});
}

TEST_CASE("a mail server states its name in its greeting and in its response to EHLO") {
  CHECK(related_to("smtp", {{"hostname", "mail.example.org"},
                            {"capabilities", "mail.example.org, PIPELINING, STARTTLS"}}) ==
        texts{"hostname mail.example.org by hostname"});
  CHECK(related_to("smtp", {{"capabilities", "mx.example.org Hello [192.0.2.1], SIZE 100"}}) ==
        texts{"hostname mx.example.org by capabilities"});
}

TEST_CASE("names that identify no host give no entity, and neither do facts of other services") {
  for (const char* name : {"localhost", "mail", "mail.localdomain", "a.invalid", "192.0.2.1",
                           "two words.org", "", "x.example", "-.org"}) {
    CAPTURE(name);
    CHECK(related_to("smtp", {{"hostname", name}}).empty());
  }
  CHECK(related_to("http", {{"realm", "EXAMPLE.ORG"}}).empty());
  CHECK(related_to("ldap", {{"naming-context", "o=Example"}}).empty());
}

TEST_CASE("the number of entities of one service is limited") {
  std::vector<model::service_fact> facts;
  for (char c = 'a'; c < 'z'; ++c)
    facts.push_back({"naming-context", std::string("dc=") + c + "x,dc=org"});
  CHECK(related_to("ldap", facts).size() == most_related_entities);
}

TEST_CASE("a related entity is associated with its service, with the fact as evidence") {
  auto seen = test::sample();
  auto& endpoint = seen.addresses[0].endpoints[0];
  endpoint.service.cpe = "cpe:2.3:a:openbsd:openssh:9.2P1:*:*:*:*:*:*:*";
  endpoint.service.facts = {{"host-key-fingerprint", "SHA256:Ab+c"}};
  auto found = findings_of(seen, test::task_for("www.example.com"), test::found_at, {});
  test::check_whole(found);
  auto service = model::entity_id_of("service", "203.0.113.1:22/tcp");
  auto key = model::entity_id_of("ssh-fingerprint", "SHA256:Ab+c");
  const auto& edge = test::edge_to(found, service, key);
  CHECK(edge.mode == model::association_mode::association);
  CHECK(edge.evidence["fact"] == "host-key-fingerprint");
  CHECK(edge.evidence["endpoint"] == "203.0.113.1:22/tcp");
  auto cpe = model::entity_id_of("cpe", "cpe:2.3:a:openbsd:openssh:9.2p1:*:*:*:*:*:*:*");
  CHECK(!test::edge_to(found, service, cpe).evidence.contains("fact"));
}

TEST_CASE("a server that repeats the name of the target states nothing") {
  auto seen = test::sample();
  auto& endpoint = seen.addresses[0].endpoints[0];
  endpoint.service.name = "xmpp";
  endpoint.service.facts = {{"domain", "www.example.com"}};
  auto repeated = findings_of(seen, test::task_for("www.example.com"), test::found_at, {});
  endpoint.service.facts = {{"domain", "chat.example.com"}};
  auto other = findings_of(seen, test::task_for("www.example.com"), test::found_at, {});
  CHECK(other.entities.size() == repeated.entities.size() + 1);
  CHECK(other.associations.size() == repeated.associations.size() + 1);
}

TEST_CASE("related entities count as entities of the scan") {
  auto seen = test::sample();
  seen.addresses[0].endpoints[0].service.cpe = "cpe:2.3:a:openbsd:openssh:9.2p1:*:*:*:*:*:*:*";
  scan_limits bounds;
  bounds.scan_entities = 5;  // the target, two addresses, a port and a service
  findings_collector all(test::task_for("www.example.com"), bounds);
  auto found = all.add(seen, test::found_at);
  CHECK(found.entities.size() == 5);
  CHECK(all.left_out().entities > 0);
}

}  // namespace sonde::scanner
