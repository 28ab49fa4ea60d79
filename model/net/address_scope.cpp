#include "model/net/address_scope.hpp"

#include "model/net/address_class.hpp"
#include "model/net/fqdn.hpp"

#include <algorithm>

namespace sonde::model {
namespace {

bool is_unspecified(const ip_address& address) {
  static const ip_address v4 = ip_address::parse("0.0.0.0").value();
  static const ip_address v6 = ip_address::parse("::").value();
  return address == v4 || address == v6;
}

}  // namespace

bool address_scope::entries::holds(const ip_address& address) const {
  return std::ranges::any_of(networks, [&](const network& n) { return n.contains(address); });
}

bool address_scope::entries::holds(std::string_view name) const {
  return std::ranges::any_of(names, [&](const std::string& suffix) {
    if (!name.ends_with(suffix)) return false;
    return name.size() == suffix.size() || name[name.size() - suffix.size() - 1] == '.';
  });
}

result<address_scope::entries> address_scope::parse(const std::vector<std::string>& list) {
  entries out;
  for (const auto& text : list) {
    if (auto range = network::parse(text)) {
      out.networks.push_back(*range);
    } else if (auto name = parse_fqdn(text)) {
      out.names.push_back(*name);
    } else {
      bool numeric = text.find_first_not_of("0123456789abcdefABCDEF:./") == std::string::npos;
      return numeric ? range.error() : name.error();
    }
  }
  return out;
}

result<address_scope> address_scope::from_rules(const scope_rules& rules) {
  address_scope out;
  auto allow = parse(rules.allow);
  if (!allow) return allow.error();
  auto deny = parse(rules.deny);
  if (!deny) return deny.error();
  auto own = parse(rules.own);
  if (!own) return own.error();
  out.allow_ = std::move(*allow);
  out.deny_ = std::move(*deny);
  out.own_ = std::move(*own);
  return out;
}

address_scope::check_result address_scope::check(const ip_address& address,
                                                 const target& under) const {
  if (deny_.holds(address)) {
    return {verdict::excluded, address.text() + " is excluded by this server's scope.deny"};
  }
  if (!under.is_address() && deny_.holds(under.text())) return check(under);
  const auto& kind = classify(address);
  // Linux sends a connection to an unspecified address to this machine (ip(7)).
  if (is_unspecified(address)) {
    return {verdict::out_of_scope,
            address.text() + " is " + std::string(kind.name) + " and is not a host's address"};
  }
  bool named = !under.is_address() && allow_.holds(under.text());
  if (named || allow_.holds(address)) return {};
  if (kind.global && machine_.contains(address)) {
    return {verdict::out_of_scope, address.text() +
                                       " is an address of this machine; this server scans its own "
                                       "addresses only if scope.allow contains them"};
  }
  if (kind.global) return {};
  return {verdict::out_of_scope,
          address.text() + " is " + std::string(kind.name) +
              "; this server scans only globally routable addresses and those in its scope.allow"};
}

address_scope::check_result address_scope::check(const target& target) const {
  if (target.is_address()) return check(target.address(), target);
  if (!deny_.holds(target.text())) return {};
  return {verdict::excluded, target.text() + " is excluded by this server's scope.deny"};
}

bool address_scope::is_own(const ip_address& address) const {
  return own_.holds(address);
}

}  // namespace sonde::model
