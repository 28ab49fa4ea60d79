#include "scanner/engine/certificate_facts.hpp"

#include "base/hash.hpp"
#include "model/net/fqdn.hpp"
#include "tls/host_match.hpp"

namespace sonde::scanner {
namespace {

using model::json;

/// Maximum size of the cache in bytes of memory: about 500 usual certificates, which is more than
/// the number of intermediates in use.
constexpr std::size_t cached_bytes = 4u << 20;
/// Memory of a parsed certificate and its facts, per byte of DER and per certificate.
constexpr std::size_t memory_per_byte = 6;
constexpr std::size_t memory_of_one = 1'024;

/// Adds fields with a value and omits empty ones.
class fact_writer {
 public:
  explicit fact_writer(json& out) : out_(out) {}

  void text(const char* name, const std::string& value) {
    if (!value.empty()) out_[name] = value;
  }
  void list(const char* name, const std::vector<std::string>& values) {
    if (!values.empty()) out_[name] = values;
  }
  void list(const char* name, const tls::text_list& values) {
    list(name, values.kept);
    if (values.truncated()) out_[std::string(name) + "-total"] = values.total;
  }
  void flag(const char* name, bool value) {
    if (value) out_["flags"].push_back(name);
  }

 private:
  json& out_;
};

void put_identity(fact_writer& facts, const tls::certificate& c) {
  facts.text("md5", c.md5);
  facts.text("sha1", c.sha1);
  facts.text("sha256", c.sha256);
  facts.text("tbs-sha256", c.tbs_sha256);
  facts.text("spki-sha256", c.key.spki_sha256);
  facts.text("serial", c.serial);
  facts.text("issuer", c.issuer.text);
  facts.list("issuer-parts", c.issuer.parts);
  facts.text("subject", c.subject.text);
  facts.list("subject-parts", c.subject.parts);
  facts.text("not-before", c.not_before);
  facts.text("not-after", c.not_after);
  facts.text("signature-algorithm", c.signature.name);
  facts.text("signature-hash", c.signature.hash);
  facts.text("key-type", c.key.type);
  facts.text("key-curve", c.key.curve);
}

void put_extensions(fact_writer& facts, const tls::certificate& c) {
  facts.list("key-usage", c.key_usage);
  facts.list("extended-key-usage", c.extended_key_usage);
  facts.text("subject-key-id", c.subject_key_id);
  facts.text("authority-key-id", c.authority_key_id);
  facts.list("san-dns", c.names.dns);
  facts.list("san-ip", c.names.addresses);
  facts.list("san-email", c.names.emails);
  facts.list("san-uri", c.names.uris);
  facts.list("san-other", c.names.others);
  facts.list("permitted-names", c.permitted_names);
  facts.list("excluded-names", c.excluded_names);
  facts.list("policies", c.policies);
  facts.text("validation-level", c.validation_level);
  facts.list("ocsp-urls", c.ocsp_urls);
  facts.list("issuer-urls", c.issuer_urls);
  facts.list("crl-urls", c.crl_urls);
  facts.list("sct-logs", c.sct_logs);
  facts.list("other-extensions", c.other_extensions);
  facts.list("other-critical-extensions", c.other_critical_extensions);
}

void put_flags(fact_writer& facts, const tls::certificate& c) {
  facts.flag("self-signed", c.flags.self_signed);
  facts.flag("wildcard", c.flags.wildcard);
  facts.flag("weak-key", c.flags.weak_key);
  facts.flag("weak-signature", c.flags.weak_signature);
  facts.flag("sha1", c.flags.sha1);
  facts.flag("no-san", c.flags.no_san);
  facts.flag("negative-serial", c.flags.negative_serial);
  facts.flag("non-dce-der", c.flags.non_dce_der);
  facts.flag("must-staple", c.must_staple);
}

}  // namespace

model::certificate_observation observe(const tls::certificate& c) {
  model::certificate_observation out;
  out.sha256 = c.sha256;
  out.subject = c.subject.text;
  out.not_after = c.not_after;
  out.self_signed = c.flags.self_signed;
  out.attributes = json::object();
  fact_writer facts(out.attributes);
  put_identity(facts, c);
  out.attributes["parse-status"] = tls::name_of(c.status);
  facts.list("parse-problems", c.problems);
  if (c.status == tls::parse_status::unparsable) return out;
  out.attributes["version"] = c.version;
  out.attributes["key-bits"] = c.key.bits;
  if (c.validity_s) out.attributes["validity-seconds"] = *c.validity_s;
  if (c.constraints) {
    out.attributes["ca"] = c.constraints->ca;
    if (c.constraints->path_length) out.attributes["path-length"] = *c.constraints->path_length;
  }
  put_extensions(facts, c);
  put_flags(facts, c);
  for (const auto& name : c.names.dns.kept) {
    if (auto canonical = model::parse_fqdn(name)) out.hostnames.push_back(std::move(*canonical));
  }
  return out;
}

bool is_for(const tls::certificate& certificate, const model::target& host,
            const model::ip_address& address) {
  if (!host.is_address()) return tls::matches_host(certificate, host.text());
  return tls::matches_address(certificate, address.bytes());
}

std::string fingerprint_of(std::string_view der) {
  return to_hex(sha256(der));
}

std::shared_ptr<const certificate_cache::entry> certificate_cache::parse(
    std::string_view der, const std::string& fingerprint) {
  if (auto found = by_fingerprint_.find(fingerprint); found != by_fingerprint_.end()) {
    by_age_.splice(by_age_.begin(), by_age_, found->second.age);
    return found->second.value;
  }
  tls::certificate_limits bounds;
  bounds.bytes = limits_.certificate_bytes;
  bounds.names = limits_.certificate_names;
  auto made = std::make_shared<entry>();
  made->parsed = tls::parse_certificate(openssl_, der, bounds);
  auto facts = observe(made->parsed);
  facts.der_bytes = der.size();
  made->facts = std::make_shared<model::certificate_observation>(std::move(facts));
  auto bytes = memory_of_one + memory_per_byte * der.size();
  by_age_.push_front(fingerprint);
  by_fingerprint_[fingerprint] = {made, by_age_.begin(), bytes};
  for (bytes_ += bytes; bytes_ > cached_bytes; by_age_.pop_back()) {
    auto oldest = by_fingerprint_.find(by_age_.back());
    bytes_ -= oldest->second.bytes;
    by_fingerprint_.erase(oldest);
  }
  return made;
}

}  // namespace sonde::scanner
