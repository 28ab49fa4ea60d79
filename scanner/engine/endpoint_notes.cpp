#include "scanner/engine/endpoint_notes.hpp"

#include "base/hash.hpp"
#include "model/text/text.hpp"
#include "scanner/engine/port_manners.hpp"
#include "scanner/errc.hpp"

#include <algorithm>
#include <iterator>

namespace sonde::scanner {
namespace {

/// Kept of a banner that is beyond the scan's budget, for the table of results.
constexpr std::size_t shown_of_banner = 200;

/// Returns the text of an error. An exchange that our own time limit ended, or that has not ended
/// yet, counts as silence of the service.
std::string sentence(const error& why) {
  bool silent = !why.code || why.code == make_error_code(errc::deadline) ||
                why.code == make_error_code(errc::cancelled);
  return silent ? describe(errc::silent) : why.message();
}

}  // namespace

endpoint_notes::endpoint_notes(conversation_tools& tools, const conversation_partner& partner)
    : tools_(tools), partner_(partner) {
  out_.endpoint.address = partner_.address;
  out_.endpoint.port = partner_.port;
  out_.endpoint.listened_only = listens_only(partner_.port, tools.industrial);
  out_.endpoint.seen = tools_.time.now();
}

void endpoint_notes::take(std::string_view module, recognition known) {
  out_.endpoint.module = module;
  if (tools_.recog) tools_.recog->complete(known);
  auto facts = std::move(known.service.facts);
  out_.endpoint.service = std::move(known.service);
  out_.endpoint.service.facts.clear();
  out_.endpoint.raw_banner = std::move(known.raw);
  out_.endpoint.masked_banner = std::move(known.masked);
  out_.endpoint.detail.clear();
  shorten_banner();
  take_facts(std::move(facts));
}

void endpoint_notes::take_facts(std::vector<model::service_fact> facts) {
  auto& kept = out_.endpoint.service.facts;
  facts.resize(std::min(facts.size(), most_facts - std::min(most_facts, kept.size())));
  std::size_t bytes = 0;
  for (const auto& fact : facts)
    bytes += fact.name.size() + fact.value.size();
  if (bytes > 0 && !partner_.budget->admit_facts(bytes)) {
    out_.endpoint.truncated = true;
    return;
  }
  std::ranges::move(facts, std::back_inserter(kept));
}

void endpoint_notes::shorten_banner() {
  auto& raw = out_.endpoint.raw_banner;
  if (raw.empty() || partner_.budget->admit_banner(raw.size())) return;
  out_.endpoint.banner_sha256 = to_hex(sha256(raw));
  out_.endpoint.truncated = true;
  raw = model::first_line(raw, shown_of_banner);
  out_.endpoint.masked_banner.clear();
}

model::tls_observation endpoint_notes::observe(const tls::client_handshake& handshake) {
  const auto& seen = handshake.observation();
  model::tls_observation tls;
  tls.version = seen.version;
  tls.cipher = seen.cipher;
  tls.group = seen.group;
  tls.sni = seen.sni;
  alpn_ = seen.alpn;
  tls.client_certificate_requested = seen.client_certificate_requested;
  for (const auto& der : seen.chain)
    take_certificate(tls, der);
  return tls;
}

void endpoint_notes::take_handshake(const tls::client_handshake& handshake, const result<>& last) {
  out_.endpoint.module = "tls";
  out_.endpoint.tls = observe(handshake);
  out_.endpoint.detail = last ? std::string() : sentence(last.error());
  take_failure(handshake);
}

void endpoint_notes::take_upgrade(const tls::client_handshake& handshake, const result<>& last) {
  out_.endpoint.tls = observe(handshake);
  out_.endpoint.tls->starttls = true;
  if (!last) out_.endpoint.detail = sentence(last.error());
  take_failure(handshake);
}

void endpoint_notes::take_details(model::service_observation more) {
  const auto& kept = out_.endpoint.service.facts;
  std::erase_if(more.facts, [&](const auto& fact) {
    return std::ranges::any_of(
        kept, [&](const auto& each) { return each.name == fact.name && each.value == fact.value; });
  });
  bool inside = out_.endpoint.tls && out_.endpoint.tls->starttls;
  for (auto& fact : more.facts) {
    bool differs =
        inside && std::ranges::find(kept, fact.name, &model::service_fact::name) != kept.end();
    if (differs) fact.name = "tls-" + fact.name;
  }
  take_facts(std::move(more.facts));
  auto& service = out_.endpoint.service;
  if (more.product.empty()) return;
  service.product = std::move(more.product);
  service.version = std::move(more.version);
  service.cpe = std::move(more.cpe);
  service.sure = std::max(service.sure, more.sure);
}

void endpoint_notes::take_confirmation(model::service_observation own) {
  auto& service = out_.endpoint.service;
  if (own.name != service.name) return;
  service.sure = std::max(service.sure, own.sure);
  take_details(std::move(own));
}

/// One that the scan holds already is not parsed again, unless it is the first time that it stands
/// for the host.
void endpoint_notes::take_certificate(model::tls_observation& tls, const std::string& der) {
  bool leaf = tls.chain.empty();
  auto fingerprint = fingerprint_of(der);
  tls.chain.push_back(fingerprint);
  auto known = partner_.known->find(fingerprint);
  bool held = known != partner_.known->end();
  if (held && (!leaf || known->second)) {
    if (leaf) tls.mismatched = *known->second;
    return;
  }
  if (!partner_.budget->admit_certificate(fingerprint, der.size())) {
    out_.endpoint.truncated = true;
    return;
  }
  auto certificate = tools_.certificates.parse(der, fingerprint);
  if (leaf) tls.mismatched = !is_for(certificate->parsed, partner_.host, partner_.address);
  out_.certificates.push_back(certificate->facts);
}

void endpoint_notes::take_failure(const tls::client_handshake& handshake) {
  if (handshake.status() != tls::client_handshake::state::failed) return;
  const auto& alert = handshake.observation().alert;
  if (alert) out_.endpoint.tls->alert = alert->name;
  if (out_.endpoint.raw_banner.empty()) out_.endpoint.detail = handshake.failure().message();
}

conversation_result endpoint_notes::finish() {
  if (!alpn_.empty()) take_facts({{"alpn", alpn_}});
  return std::move(out_);
}

void endpoint_notes::take_request(model::request_result done) {
  out_.endpoint.asked.push_back(done.module + ": " + done.outcome);
  out_.endpoint.requests.push_back(std::move(done));
}

void endpoint_notes::take_error(const error& why) {
  if (out_.endpoint.detail.empty()) out_.endpoint.detail = sentence(why);
}

}  // namespace sonde::scanner
