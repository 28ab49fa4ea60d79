#include "scanner/findings.hpp"
#include "tests/scanner/sample_findings.hpp"
#include "tests/support/doctest.hpp"

#include <algorithm>
#include <iterator>

namespace sonde::scanner {
namespace {

using test::certificate;
using test::check_whole;
using test::edges_of;
using test::entity_of;
using test::found_at;
using test::https_on;
using test::open_port;
using test::pointer;
using test::sample;
using test::task_for;
using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a listen-only port is marked in its service and in the table of results") {
  auto seen = sample();
  seen.addresses[0].endpoints[0].listened_only = true;
  auto found = findings_of(seen, task_for("www.example.com"), found_at, {});
  CHECK(found.results[0].detail == "listened only: raw printing port");
  CHECK(found.results[1].detail.empty());
  CHECK(entity_of(found, "service").attributes["listened-only"] == true);
}

TEST_CASE("beyond the scan's budget the service holds fingerprints instead of entities") {
  auto seen = sample();
  seen.certificates.clear();
  auto& https = seen.addresses[0].endpoints[1];
  https.truncated = true;
  https.banner_sha256 = std::string(64, 'c');
  auto found = findings_of(seen, task_for("www.example.com"), found_at, {});
  check_whole(found);
  CHECK(std::ranges::count(found.entities, "certificate", &model::entity::type) == 0);
  CHECK(std::ranges::count(found.entities, "banner", &model::entity::type) == 1);  // for SSH
  CHECK(found.results[1].detail ==
        "truncated: the scan's budget for banners and certificates is used up");
  CHECK(found.results[1].certificate == std::string(64, 'a'));
  CHECK(found.results[1].banner == "HTTP/1.1 200 OK");
  for (const auto& each : found.entities) {
    if (each.type != "service" || each.attributes["port"] != 443) continue;
    CHECK(each.attributes["truncated"] == true);
    CHECK(each.attributes["banner-sha256"] == std::string(64, 'c'));
    CHECK(each.attributes["certificate-sha256"] ==
          model::json({std::string(64, 'a'), std::string(64, 'b')}));
  }
}

TEST_CASE("a later part of a scan adds only new entities, and edges to those of earlier parts") {
  findings_collector all(task_for("www.example.com"), {});
  auto whole = findings_of(sample(), task_for("www.example.com"), found_at, {});
  auto first = sample();
  first.addresses[0].endpoints.pop_back();
  auto second = sample();
  second.addresses[0].endpoints.erase(second.addresses[0].endpoints.begin());
  auto of_first = all.add(first, found_at);
  auto of_second = all.add(second, found_at);
  auto again = all.add(sample(), found_at);
  CHECK(of_first.entities.size() + of_second.entities.size() == whole.entities.size());
  CHECK(of_first.associations.size() + of_second.associations.size() == whole.associations.size());
  CHECK(again.entities.empty());
  CHECK(again.associations.empty());
  auto joined = of_first;
  std::ranges::move(of_second.entities, std::back_inserter(joined.entities));
  std::ranges::move(of_second.associations, std::back_inserter(joined.associations));
  check_whole(joined);
  CHECK(edges_of(joined) == edges_of(whole));
}

TEST_CASE("the table still shows a leaf certificate that an earlier part described") {
  findings_collector all(task_for("www.example.com"), {});
  (void)all.add(sample(), found_at);
  auto later = sample();
  later.certificates.clear();
  later.addresses[0].endpoints = {https_on("203.0.113.1", "www.example.com")};
  later.addresses[0].endpoints[0].port = 8443;
  auto found = all.add(later, found_at);
  CHECK(std::ranges::count(found.associations, model::association_mode::association,
                           &model::association::mode) == 2);  // from the service to the chain
  auto rows = all.results();
  REQUIRE(rows.size() == 3);
  CHECK(rows[2].subject == "CN=a");
}

TEST_CASE("an address that turns out to be a tarpit withdraws its results") {
  findings_collector all(task_for("www.example.com"), {});
  (void)all.add(sample(), found_at);
  CHECK(all.results_total() == 2);
  auto verdict = sample();
  verdict.addresses[0].endpoints.clear();
  verdict.addresses[0].how = {model::outcome_kind::tarpit, "it accepts everything"};
  (void)all.add(verdict, found_at);
  CHECK(all.results_total() == 0);
  CHECK(all.results().empty());
}

TEST_CASE("entities, associations and names of one scan are limited, and the rest is counted") {
  scan_limits bounds;
  bounds.scan_entities = 40;
  bounds.scan_associations = 60;
  bounds.scan_hostnames = 10;
  texts names;
  for (int i = 0; i < 30; ++i)
    names.push_back("n" + std::to_string(i) + ".example.com");
  auto seen = sample();
  seen.certificates[0] = pointer(certificate('a', names));
  for (std::uint16_t port = 1'000; port < 1'100; ++port)
    seen.addresses[0].endpoints.push_back(open_port("203.0.113.1", port));
  findings_collector all(task_for("www.example.com"), bounds);
  auto found = all.add(seen, found_at);
  check_whole(found);
  CHECK(found.entities.size() == 40);
  CHECK(found.associations.size() <= 60);
  CHECK(all.left_out().hostnames == 20);
  CHECK(all.left_out().entities > 150);
  CHECK(all.left_out().associations > 300);
  CHECK(all.results_total() == 102);
  auto text = left_out_text({3, 2}, all.left_out(), 0);
  CHECK(
      text.starts_with("; truncated, left out: 3 certificates (fingerprints only), "
                       "2 banners (hashes only), 20 alternative names, "));
  CHECK(left_out_text({}, {}, 0).empty());
}

}  // namespace sonde::scanner
