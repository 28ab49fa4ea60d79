#include "scanner/related_entities.hpp"

#include "base/ascii.hpp"
#include "model/facts/value.hpp"
#include "model/net/fqdn.hpp"
#include "scanner/modules/text_match.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace sonde::scanner {
namespace {

/// The conversion of the value of a fact into the value of an entity.
enum class related_form { name, first_word, distinguished_name, fingerprint };

struct related_fact {
  std::string_view service;
  std::string_view fact;
  const char* type;
  related_form form;
};

/// The facts in which a server states its own name, domain or key.
constexpr std::array related_facts = {
    related_fact{"ssh", "host-key-fingerprint", "ssh-fingerprint", related_form::fingerprint},
    related_fact{"smtp", "hostname", "hostname", related_form::name},
    related_fact{"smtp", "capabilities", "hostname", related_form::first_word},
    related_fact{"ldap", "hostname", "hostname", related_form::name},
    related_fact{"ldap", "default-naming-context", "domain", related_form::distinguished_name},
    related_fact{"ldap", "naming-context", "domain", related_form::distinguished_name},
    related_fact{"kerberos", "realm", "domain", related_form::name},
    related_fact{"xmpp", "domain", "domain", related_form::name},
    related_fact{"bgp", "hostname", "hostname", related_form::name},
    related_fact{"pptp", "hostname", "hostname", related_form::name},
    related_fact{"munin", "hostname", "hostname", related_form::name},
    related_fact{"apcupsd", "hostname", "hostname", related_form::name},
    related_fact{"beanstalkd", "hostname", "hostname", related_form::name},
    related_fact{"irc", "server-name", "hostname", related_form::name},
    related_fact{"fox", "host-name", "hostname", related_form::name},
};

/// Names that are reserved, so that they identify no host (RFC 2606, RFC 6761).
constexpr std::array<std::string_view, 6> reserved_names = {
    ".localhost", ".localdomain", ".invalid", ".example", ".test", ".in-addr.arpa"};

/// Returns the domain of `DC=example,DC=org` (RFC 2247); empty if other parts are in the name.
std::string domain_of(std::string_view distinguished_name) {
  constexpr std::string_view component = "dc=";
  std::string out;
  while (!distinguished_name.empty()) {
    auto end = std::min(distinguished_name.find(','), distinguished_name.size());
    auto part = distinguished_name.substr(0, end);
    distinguished_name.remove_prefix(std::min(end + 1, distinguished_name.size()));
    part = ascii::trimmed_left(part, " ");
    if (!ascii::equal_ignoring_case(part.substr(0, component.size()), component)) return {};
    if (!out.empty()) out += '.';
    out += part.substr(component.size());
  }
  return out;
}

/// Returns a fully qualified name in canonical form; empty if the text is something else.
std::string related_name(std::string_view text) {
  auto name = model::parse_fqdn(text);
  if (!name || name->find('.') == std::string::npos) return {};
  bool reserved =
      std::ranges::any_of(reserved_names, [&](auto end) { return name->ends_with(end); });
  return reserved ? std::string() : *name;
}

std::string related_value(related_form form, std::string_view text) {
  switch (form) {
    case related_form::name: return related_name(text);
    case related_form::first_word: return related_name(text.substr(0, text.find_first_of(" ,")));
    case related_form::distinguished_name: return related_name(domain_of(text));
    case related_form::fingerprint: return std::string(text);
  }
  return {};
}

void add_related(std::vector<related_entity>& all, related_entity one) {
  bool known = std::ranges::any_of(all, [&](const related_entity& each) {
    return std::string_view(each.type) == one.type && each.value == one.value;
  });
  if (one.value.empty() || known || all.size() >= most_related_entities) return;
  all.push_back(std::move(one));
}

}  // namespace

std::vector<related_entity> related_entities(const model::service_observation& service) {
  std::vector<related_entity> out;
  if (!service.cpe.empty()) {
    auto cpe = model::canonical_text(model::data_type::text, service.cpe, {});
    if (cpe) add_related(out, {"cpe", std::move(*cpe), {}});
  }
  for (const auto& fact : service.facts) {
    auto row = std::ranges::find_if(related_facts, [&](const related_fact& each) {
      return each.service == service.name && each.fact == fact.name;
    });
    if (row == related_facts.end()) continue;
    add_related(out, {row->type, related_value(row->form, fact.value), fact.name});
  }
  return out;
}

}  // namespace sonde::scanner
