#include "scanner/findings.hpp"

#include "base/hash.hpp"
#include "base/record_size.hpp"
#include "base/utf8.hpp"
#include "model/events.hpp"
#include "model/text/fitting.hpp"
#include "model/text/text.hpp"
#include "scanner/engine/port_manners.hpp"
#include "scanner/errc.hpp"
#include "scanner/related_entities.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace sonde::scanner {
namespace {

using model::association_mode;
using model::entity_id;
using model::json;

constexpr const char* source = "sonde";
constexpr std::size_t shown_banner_bytes = 200;
constexpr const char* over_budget =
    "truncated: the scan's budget for banners and certificates is used up";

/// Returns the evidence for everything observed on one endpoint.
json evidence_of(const model::endpoint_observation& seen) {
  json out = {{"endpoint", model::endpoint_text(seen.address, seen.port)},
              {"module", seen.module.empty() ? "connect" : seen.module}};
  if (!seen.asked.empty()) out["asked"] = seen.asked;
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
  put("confidence", std::string(name_of(seen.service.sure)));
  put("cpe", seen.service.cpe);
  // A fact may be stated several times.
  for (const auto& fact : seen.service.facts) {
    auto [at, is_new] = out.emplace("fact-" + fact.name, fact.value);
    if (!is_new) at.value() = at.value().get<std::string>() + ", " + fact.value;
  }
  out["tls"] = seen.tls.has_value() && !seen.tls->starttls;
  if (seen.tls && seen.tls->starttls) out["starttls"] = true;
  if (seen.tls) {
    put("tls-version", seen.tls->version);
    put("tls-cipher", seen.tls->cipher);
    put("tls-group", seen.tls->group);
    if (seen.tls->client_certificate_requested) out["tls-client-certificate-requested"] = true;
  }
  if (seen.listened_only) out["listened-only"] = true;
  if (!seen.truncated) return out;
  out["truncated"] = true;
  put("banner-sha256", seen.banner_sha256);
  if (seen.tls && !seen.tls->chain.empty()) out["certificate-sha256"] = seen.tls->chain;
  return out;
}

/// Returns why less than usual is known about an endpoint; empty if there is no reason.
std::string detail_of(const model::endpoint_observation& seen) {
  if (seen.listened_only && manners_of(seen.port) == port_manners::industrial) {
    return describe(errc::industrial);
  }
  if (seen.listened_only) return describe(errc::listen_only);
  if (seen.truncated) return over_budget;
  return {};
}

/// The first line of a banner; empty for binary bytes, which say nothing in a table.
std::string shown_banner(std::string_view banner) {
  auto line = banner.substr(0, banner.find_first_of("\r\n"));
  bool utf8 = to_utf8(line) == line;
  auto odd = std::ranges::count_if(line, [utf8](char c) {
    auto byte = static_cast<unsigned char>(c);
    return (byte < ' ' && c != '\t') || byte == 0x7F || (byte > 0x7F && !utf8);
  });
  if (static_cast<std::size_t>(odd) * 4 > line.size()) return {};
  return model::first_line(banner, shown_banner_bytes);
}

}  // namespace

/// Writes the entities and associations of one part.
class findings_collector::part_writer {
 public:
  part_writer(findings_collector& all, const model::scan_observation& seen, wall_time now)
      : all_(all), seen_(seen), from_{source, all.task_.visibility, now, all.task_.current.id} {
    for (const auto& certificate : seen.certificates)
      certificates_.emplace(certificate->sha256, certificate.get());
  }

  findings write() {
    if (seen_.how.kind == model::outcome_kind::nxdomain) return std::move(out_);
    auto target = entity(seen_.target.entity_type(), seen_.target.text());
    for (const auto& address : seen_.resolved) {
      auto ip = entity("ip", address.text());
      edge(target, association_mode::association, ip, {{"module", "dns"}});
    }
    for (const auto& address : seen_.addresses) {
      std::vector<optional_id> targets{target};
      if (!seen_.target.is_address()) targets.push_back(entity("ip", address.address.text()));
      for (const auto& endpoint : address.endpoints)
        add(endpoint, targets);
      if (address.how && address.how->kind == model::outcome_kind::tarpit) {
        all_.open_.erase(address.address);
        std::erase_if(all_.results_,
                      [&](const auto& row) { return row.first.first == address.address; });
      }
    }
    return std::move(out_);
  }

 private:
  using optional_id = std::optional<entity_id>;

  static mark mark_of(const std::string& id) {
    auto digest = sha256(id);
    mark out{};
    static_assert(sizeof out <= sizeof digest);
    std::memcpy(out.data(), digest.data(), sizeof out);
    return out;
  }

  /// Returns nothing if the scan has reached its limit of entities.
  optional_id entity(const char* type, const std::string& value, json attributes = json::object()) {
    auto id = model::entity_id_of(type, value);
    auto its = mark_of(id.str());
    if (all_.entities_.contains(its)) return id;
    if (all_.entities_.size() >= all_.bounds_.scan_entities) {
      ++all_.left_out_.entities;
      return std::nullopt;
    }
    all_.entities_.insert(its);
    out_.entities.push_back(model::make_entity(type, value, std::move(attributes), from_));
    return id;
  }

  void edge(const optional_id& a, association_mode mode, const optional_id& b, json evidence) {
    if (!a || !b) {
      ++all_.left_out_.associations;
      return;
    }
    auto edge = model::make_association(*a, mode, *b, {}, from_);
    auto its = mark_of(edge.id.str());
    if (all_.associations_.contains(its)) return;
    if (all_.associations_.size() >= all_.bounds_.scan_associations) {
      ++all_.left_out_.associations;
      return;
    }
    all_.associations_.insert(its);
    evidence["task"] = all_.task_.current.id.str();
    evidence["attempt"] = all_.task_.attempt;
    evidence["time"] = to_rfc3339(from_.time);
    edge.evidence = std::move(evidence);
    out_.associations.push_back(std::move(edge));
  }

  void add(const model::endpoint_observation& endpoint, const std::vector<optional_id>& targets) {
    auto evidence = evidence_of(endpoint);
    auto port = entity("port", std::to_string(endpoint.port) + "/tcp");
    auto where = model::endpoint_text(endpoint.address, endpoint.port);
    auto service = entity("service", where, service_attributes(endpoint));
    for (const auto& target : targets) {
      edge(target, association_mode::aggregation, port, evidence);
      edge(target, association_mode::aggregation, service, evidence);
    }
    edge(port, association_mode::aggregation, service, evidence);
    bool has_banner = !endpoint.raw_banner.empty() && endpoint.banner_sha256.empty();
    if (has_banner) {
      auto banner = banner_entity(endpoint);
      edge(service, association_mode::aggregation, banner, evidence);
    }
    if (endpoint.tls) add_chain(*endpoint.tls, service, targets, evidence);
    add_related(endpoint.service, service, evidence);
    add_result(endpoint, where);
  }

  optional_id banner_entity(const model::endpoint_observation& seen) {
    auto value =
        model::banner_value(seen.masked_banner, seen.raw_banner, all_.bounds_.banner_text_bytes);
    json attributes = {{"raw", to_base64(seen.raw_banner)}};
    return entity("banner", value, std::move(attributes));
  }

  /// Associates the leaf with the service and the targets. The rest of the chain is associated with
  /// the service that presented it. Facts that depend on the requested name are in the evidence.
  void add_chain(const model::tls_observation& tls, const optional_id& service,
                 const std::vector<optional_id>& targets, const json& evidence) {
    for (std::size_t i = 0; i < tls.chain.size(); ++i) {
      auto certificate = certificate_entity(tls.chain[i]);
      if (!certificate) continue;
      auto detail = evidence;
      detail["module"] = "tls";
      detail["chain-position"] = i;
      if (i == 0 && tls.mismatched) detail["mismatched"] = true;
      edge(service, association_mode::association, certificate, detail);
      if (i > 0) continue;
      for (const auto& target : targets) {
        edge(target, association_mode::association, certificate, detail);
      }
      add_hostnames(tls.chain[i], certificate);
    }
  }

  /// Adds what the service states of its product, key, host and domain. The name of the target is
  /// left out: a server may repeat the name of the request.
  void add_related(const model::service_observation& seen, const optional_id& service,
                   const json& evidence) {
    for (auto& each : related_entities(seen)) {
      if (each.value == seen_.target.text()) continue;
      auto detail = evidence;
      if (!each.fact.empty()) detail["fact"] = each.fact;
      auto its = entity(each.type, each.value);
      edge(service, association_mode::association, its, std::move(detail));
    }
  }

  /// Returns nothing if no part of the scan contains its facts.
  optional_id certificate_entity(const std::string& sha256) {
    if (all_.certificates_.contains(sha256)) return model::entity_id_of("certificate", sha256);
    auto facts = certificates_.find(sha256);
    if (facts == certificates_.end()) return std::nullopt;
    auto id = entity("certificate", sha256, facts->second->attributes);
    if (id) {
      all_.certificates_[sha256] = {
          std::string(model::cut_at(facts->second->subject, shown_banner_bytes)),
          facts->second->not_after, facts->second->self_signed};
    }
    return id;
  }

  /// Adds the hostnames of a leaf whose facts are in this part. Hostnames have a limit of their own
  /// within that of entities, so that the names of a few certificates do not displace services.
  void add_hostnames(const std::string& sha256, const optional_id& certificate) {
    auto facts = certificates_.find(sha256);
    if (facts == certificates_.end()) return;
    for (const auto& name : facts->second->hostnames) {
      bool known = all_.entities_.contains(mark_of(model::entity_id_of("hostname", name).str()));
      if (!known && all_.hostnames_ >= all_.bounds_.scan_hostnames) {
        ++all_.left_out_.hostnames;
        continue;
      }
      if (!known) ++all_.hostnames_;
      auto hostname = entity("hostname", name);
      edge(certificate, association_mode::association, hostname,
           {{"module", "subject-alternative-name"}});
    }
  }

  void add_result(const model::endpoint_observation& endpoint, const std::string& where) {
    ++all_.open_[endpoint.address];
    model::endpoint_result row;
    row.endpoint = where;
    row.service = model::entity_id_of("service", where);
    row.name = endpoint.service.name;
    row.product = to_utf8(endpoint.service.product);
    row.version = to_utf8(endpoint.service.version);
    row.confidence = name_of(endpoint.service.sure);
    row.tls = endpoint.tls.has_value() && !endpoint.tls->starttls;
    row.banner = shown_banner(endpoint.raw_banner);
    row.detail = detail_of(endpoint);
    row.requests = endpoint.requests;
    if (endpoint.tls && !endpoint.tls->chain.empty()) {
      row.certificate = endpoint.tls->chain.front();
      auto known = all_.certificates_.find(row.certificate);
      if (known != all_.certificates_.end()) {
        row.subject = known->second.subject;
        row.not_after = known->second.not_after;
        row.self_signed = known->second.self_signed;
      }
    }
    all_.results_[{endpoint.address, endpoint.port}] = std::move(row);
    if (all_.results_.size() > all_.bounds_.results_endpoints) {
      all_.results_.erase(std::prev(all_.results_.end()));
    }
  }

  findings_collector& all_;
  const model::scan_observation& seen_;
  model::provenance from_;
  std::unordered_map<std::string, const model::certificate_observation*> certificates_;
  findings out_;
};

findings_collector::findings_collector(const model::scan_task& task, const scan_limits& bounds)
    : task_(task), bounds_(bounds) {}

findings findings_collector::add(const model::scan_observation& part, wall_time now) {
  return part_writer(*this, part, now).write();
}

std::vector<model::endpoint_result> findings_collector::results() const {
  std::vector<model::endpoint_result> out;
  for (const auto& each : results_)
    out.push_back(each.second);
  return out;
}

std::uint32_t findings_collector::results_total() const {
  std::uint32_t out = 0;
  for (const auto& each : open_)
    out += each.second;
  return out;
}

std::string left_out_text(const scan_budget::counts& by_budget, const findings_left_out& by_limits,
                          std::uint32_t refused) {
  std::string counts;
  auto add = [&counts](std::uint32_t number, const char* what) {
    if (number == 0) return;
    counts += (counts.empty() ? "" : ", ") + std::to_string(number) + " " + what;
  };
  add(by_budget.certificates, "certificates (fingerprints only)");
  add(by_budget.banners, "banners (hashes only)");
  add(by_budget.facts, "services' facts");
  add(by_limits.hostnames, "alternative names");
  add(by_limits.entities, "entities");
  add(by_limits.associations, "associations");
  add(refused, "records that are too large for the queue");
  return counts.empty() ? counts : "; truncated, left out: " + counts;
}

findings findings_of(const model::scan_observation& seen, const model::scan_task& task,
                     wall_time now, const scan_limits& limits) {
  findings_collector all(task, limits);
  auto out = all.add(seen, now);
  out.results = all.results();
  out.results_total = all.results_total();
  return out;
}

std::vector<record> records_of(findings& found, const model::scan_task& task,
                               const queue::limits& limits) {
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
