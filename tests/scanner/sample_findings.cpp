#include "tests/scanner/sample_findings.hpp"

#include "tests/support/doctest.hpp"

#include <algorithm>
#include <map>

namespace sonde::test {

using scanner::findings;

model::ip_address ip(const char* text) {
  return model::ip_address::parse(text).value();
}

model::scan_task task_for(const std::string& target, std::uint32_t attempt) {
  model::scan_task out;
  out.target = model::target::parse(target).value();
  out.profile = "standard";
  out.visibility = {"blue", "red"};
  out.key = model::key_of(out.target, out.profile, out.visibility);
  out.current.number = 1;
  out.current.id = model::task_id_of(out.key, 1);
  out.attempt = attempt;
  return out;
}

model::endpoint_observation open_port(const char* address, std::uint16_t port) {
  model::endpoint_observation out;
  out.address = ip(address);
  out.port = port;
  out.seen = found_at;
  return out;
}

model::endpoint_observation ssh_on(const char* address) {
  auto out = open_port(address, 22);
  out.module = "greeting";
  out.service = {"ssh", "OpenSSH", "9.2p1"};
  out.raw_banner = "SSH-2.0-OpenSSH_9.2p1";
  out.masked_banner = out.raw_banner;
  return out;
}

model::endpoint_observation https_on(const char* address, std::string sni) {
  auto out = open_port(address, 443);
  out.module = "http";
  out.service = {"http", "nginx", ""};
  out.raw_banner = "HTTP/1.1 200 OK\r\nDate: today\r\nServer: nginx";
  out.masked_banner = "HTTP/1.1 200 OK\r\nDate: *\r\nServer: nginx";
  out.tls.emplace();
  out.tls->version = "TLSv1.3";
  out.tls->sni = std::move(sni);
  out.tls->chain = {std::string(64, 'a'), std::string(64, 'b')};
  return out;
}

model::certificate_observation certificate(char letter, std::vector<std::string> hostnames) {
  model::certificate_observation out;
  out.sha256 = std::string(64, letter);
  out.subject = std::string("CN=") + letter;
  out.not_after = "2027-01-01T00:00:00Z";
  out.hostnames = std::move(hostnames);
  out.attributes = {{"sha256", out.sha256}, {"subject", out.subject}};
  return out;
}

model::certificate_pointer pointer(model::certificate_observation certificate) {
  return std::make_shared<const model::certificate_observation>(std::move(certificate));
}

model::scan_observation sample() {
  model::scan_observation out;
  out.target = model::target::parse("www.example.com").value();
  out.resolved = {ip("203.0.113.1"), ip("2001:db8::1")};
  model::address_observation first;
  first.address = ip("203.0.113.1");
  first.endpoints = {ssh_on("203.0.113.1"), https_on("203.0.113.1", "www.example.com")};
  out.addresses = {first};
  out.certificates = {pointer(certificate('a', {"www.example.com", "mail.example.com"})),
                      pointer(certificate('b', {"ca.example.com"}))};
  return out;
}

std::set<std::string> edges_of(const findings& found) {
  std::map<std::string, std::string> names;
  for (const auto& each : found.entities) {
    names[each.id.str()] = each.type + ":" + each.attributes[each.type].get<std::string>();
  }
  std::set<std::string> out;
  for (const auto& each : found.associations) {
    const char* arrow = each.mode == model::association_mode::aggregation ? " > " : " - ";
    out.insert(names[each.from_entity.str()] + arrow + names[each.to_entity.str()]);
  }
  return out;
}

void check_whole(const findings& found) {
  std::set<std::string> ids;
  for (const auto& each : found.entities) {
    CHECK(ids.insert(each.id.str()).second);
    CHECK(each.id == model::entity_id_of(each.type, each.attributes[each.type].get<std::string>()));
  }
  std::set<std::string> edges;
  for (const auto& each : found.associations) {
    CHECK(edges.insert(each.id.str()).second);
    CHECK(ids.contains(each.from_entity.str()));
    CHECK(ids.contains(each.to_entity.str()));
    CHECK(each.id ==
          model::association_id_of(each.from_entity, name_of(each.mode), each.to_entity));
  }
}

const model::association& edge_to(const findings& found, const model::entity_id& from,
                                  const model::entity_id& to) {
  auto place = std::ranges::find_if(found.associations, [&](const auto& each) {
    return each.from_entity == from && each.to_entity == to;
  });
  REQUIRE(place != found.associations.end());
  return *place;
}

const model::entity& entity_of(const findings& found, const char* type) {
  auto place = std::ranges::find(found.entities, type, &model::entity::type);
  REQUIRE(place != found.entities.end());
  return *place;
}

}  // namespace sonde::test
