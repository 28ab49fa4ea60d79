#include "scanner/findings.hpp"

#include "base/hash.hpp"
#include "base/record_size.hpp"
#include "model/events.hpp"
#include "model/fitting.hpp"
#include "model/text.hpp"

#include <algorithm>
#include <unordered_set>

namespace sonde::scanner {
namespace {

using model::association_mode;
using model::entity_id;
using model::json;

constexpr const char* source = "sonde";
constexpr std::size_t shown_banner_bytes = 200;

/// Collects entities and edges, each once.
class collector {
 public:
  collector(const model::scan_task& task, wall_time now)
      : task_(task), from_{source, task.scope, now, task.current.id} {}

  entity_id entity(const char* type, const std::string& value, json attributes = json::object()) {
    auto id = model::entity_id_of(type, value);
    if (seen_.insert(id.str()).second) {
      out.entities.push_back(model::make_entity(type, value, std::move(attributes), from_));
    }
    return id;
  }

  void edge(const entity_id& a, association_mode mode, const entity_id& b, json evidence) {
    auto edge = model::make_association(a, mode, b, {}, from_);
    if (!seen_.insert(edge.id.str()).second) return;
    evidence["task"] = task_.current.id.str();
    evidence["attempt"] = task_.attempt;
    evidence["time"] = to_rfc3339(from_.time);
    edge.evidence = std::move(evidence);
    out.associations.push_back(std::move(edge));
  }

  findings out;

 private:
  const model::scan_task& task_;
  model::provenance from_;
  std::unordered_set<std::string> seen_;
};

/// The evidence of whatever was learnt on one endpoint.
json evidence_of(const model::endpoint_observation& seen) {
  json out = {{"endpoint", model::endpoint_text(seen.address, seen.port)},
              {"module", seen.module.empty() ? "connect" : seen.module}};
  if (seen.tls && !seen.tls->sni.empty()) out["sni"] = seen.tls->sni;
  return out;
}

json service_attributes(const model::endpoint_observation& seen) {
  json out = {{"address", seen.address.text()}, {"port", seen.port}, {"transport", "tcp"}};
  auto put = [&](const char* name, const std::string& value) {
    if (!value.empty()) out[name] = value;
  };
  put("name", seen.service.name);
  put("product", seen.service.product);
  put("version", seen.service.version);
  out["tls"] = seen.tls.has_value();
  if (seen.tls) {
    put("tls-version", seen.tls->version);
    put("tls-cipher", seen.tls->cipher);
    put("tls-group", seen.tls->group);
    if (seen.tls->client_certificate_requested) out["tls-client-certificate-requested"] = true;
  }
  return out;
}

/// The entity of an open port's banner, if it said anything.
std::optional<entity_id> banner_entity(const model::endpoint_observation& seen, collector& to,
                                       const limits& bounds) {
  if (seen.raw_banner.empty()) return std::nullopt;
  auto value = model::banner_value(seen.masked_banner, seen.raw_banner, bounds.banner_text_bytes);
  json attributes = {{"raw", to_base64(seen.raw_banner)}};
  return to.entity("banner", value, std::move(attributes));
}

class endpoint_findings {
 public:
  endpoint_findings(const model::scan_observation& seen, const limits& bounds, collector& to)
      : seen_(seen), bounds_(bounds), to_(to) {}

  void add(const model::endpoint_observation& endpoint, const std::vector<entity_id>& targets) {
    auto evidence = evidence_of(endpoint);
    auto port = to_.entity("port", std::to_string(endpoint.port) + "/tcp");
    auto where = model::endpoint_text(endpoint.address, endpoint.port);
    auto service = to_.entity("service", where, service_attributes(endpoint));
    for (const auto& target : targets) {
      to_.edge(target, association_mode::aggregation, port, evidence);
      to_.edge(target, association_mode::aggregation, service, evidence);
    }
    to_.edge(port, association_mode::aggregation, service, evidence);
    if (auto banner = banner_entity(endpoint, to_, bounds_)) {
      to_.edge(service, association_mode::aggregation, *banner, evidence);
    }
    if (endpoint.tls) add_chain(*endpoint.tls, service, targets, evidence);
    add_result(endpoint, where, service);
  }

 private:
  const model::certificate_observation* find(const std::string& sha256) const {
    auto found =
        std::ranges::find(seen_.certificates, sha256, &model::certificate_observation::sha256);
    return found == seen_.certificates.end() ? nullptr : &*found;
  }

  /// The leaf belongs to the service and the targets; the rest of the chain was presented by the
  /// service. What depends on the name asked for is in the evidence.
  void add_chain(const model::tls_observation& tls, const entity_id& service,
                 const std::vector<entity_id>& targets, const json& evidence) {
    for (std::size_t i = 0; i < tls.chain.size(); ++i) {
      const auto* facts = find(tls.chain[i]);
      if (facts == nullptr) continue;
      auto certificate = to_.entity("certificate", facts->sha256, facts->attributes);
      auto detail = evidence;
      detail["module"] = "tls";
      detail["chain-position"] = i;
      if (i == 0 && tls.mismatched) detail["mismatched"] = true;
      to_.edge(service, association_mode::association, certificate, detail);
      if (i > 0) continue;
      for (const auto& target : targets) {
        to_.edge(target, association_mode::association, certificate, detail);
      }
      for (const auto& name : facts->hostnames) {
        auto hostname = to_.entity("hostname", name);
        to_.edge(certificate, association_mode::association, hostname,
                 {{"module", "subject-alternative-name"}});
      }
    }
  }

  void add_result(const model::endpoint_observation& endpoint, const std::string& where,
                  const entity_id& service) {
    ++to_.out.results_total;
    if (to_.out.results.size() >= bounds_.results_endpoints) return;
    model::endpoint_result row;
    row.endpoint = where;
    row.service = service;
    row.name = endpoint.service.name;
    row.product = model::to_utf8(endpoint.service.product);
    row.version = model::to_utf8(endpoint.service.version);
    row.tls = endpoint.tls.has_value();
    row.banner = model::first_line(endpoint.raw_banner, shown_banner_bytes);
    if (endpoint.tls && !endpoint.tls->chain.empty()) {
      row.certificate = endpoint.tls->chain.front();
      if (const auto* facts = find(row.certificate)) {
        row.subject = std::string(model::cut_at(facts->subject, shown_banner_bytes));
        row.not_after = facts->not_after;
      }
    }
    to_.out.results.push_back(std::move(row));
  }

  const model::scan_observation& seen_;
  const limits& bounds_;
  collector& to_;
};

}  // namespace

findings findings_of(const model::scan_observation& seen, const model::scan_task& task,
                     wall_time now, const limits& limits) {
  collector to(task, now);
  if (seen.how.kind == model::outcome_kind::nxdomain) return std::move(to.out);
  auto target = to.entity(seen.target.entity_type(), seen.target.text());
  for (const auto& address : seen.resolved) {
    auto ip = to.entity("ip", address.text());
    to.edge(target, association_mode::association, ip, {{"module", "dns"}});
  }
  endpoint_findings endpoints(seen, limits, to);
  for (const auto& address : seen.addresses) {
    std::vector<entity_id> targets{target};
    if (!seen.target.is_address()) targets.push_back(to.entity("ip", address.address.text()));
    for (const auto& endpoint : address.endpoints)
      endpoints.add(endpoint, targets);
  }
  return std::move(to.out);
}

std::vector<record> records_of(findings& found, const model::scan_task& task,
                               const limits& limits) {
  std::vector<record> out;
  out.reserve(found.entities.size() + found.associations.size());
  for (auto& entity : found.entities) {
    out.push_back(to_record(entity, task.attempt, task.traceparent));
    auto size = size_of(out.back());
    if (size <= limits.record_max_bytes) continue;
    auto attributes = model::to_text(entity.attributes).size();
    auto around = size - std::min(size, attributes);
    auto room = limits.record_max_bytes - std::min<std::size_t>(limits.record_max_bytes, around);
    model::shorten_attributes(entity.attributes, entity.type, room);
    out.back() = to_record(entity, task.attempt, task.traceparent);
  }
  for (const auto& association : found.associations) {
    out.push_back(to_record(association, task.attempt, task.traceparent));
  }
  return out;
}

}  // namespace sonde::scanner
