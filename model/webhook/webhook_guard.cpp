#include "model/webhook/webhook_guard.hpp"

#include "model/errc.hpp"
#include "model/net/address_class.hpp"

#include <algorithm>

namespace sonde::model {
namespace {

/// Host services of a cloud: globally routable by the registries, but the same address for every
/// machine of the cloud.
constexpr const char* host_services[] = {"168.63.129.16/32"};

bool is_host_service(const ip_address& address) {
  for (const char* text : host_services) {
    if (network::parse(text).value().contains(address)) return true;
  }
  return false;
}

}  // namespace

result<webhook_guard> webhook_guard::from_rules(const std::vector<std::string>& allow) {
  scope_rules rules;
  rules.allow = allow;
  auto scope = address_scope::from_rules(rules);
  if (!scope) return scope.error();
  webhook_guard out;
  out.scope_ = std::move(*scope);
  for (const auto& entry : allow) {
    if (auto range = network::parse(entry)) out.networks_.push_back(*range);
  }
  return out;
}

result<> webhook_guard::check(const ip_address& address, const target& host) const {
  auto holds = [&](const network& range) { return range.contains(address); };
  bool service = is_host_service(address) && std::ranges::none_of(networks_, holds);
  // An address that is allowed by address or name is in scope, whatever its class.
  bool allowed = scope_.check(address, host).what == address_scope::verdict::in_scope;
  if (allowed && !service) return {};
  auto kind = service ? std::string("a cloud's own service") : std::string(classify(address).name);
  return fail(errc::invalid_field, address.text() + " is " + kind +
                                       "; webhooks are sent only to globally routable addresses "
                                       "and those in this server's webhook.allow");
}

result<> webhook_guard::check(const target& host) const {
  if (!host.is_address()) return {};
  return check(host.address(), host);
}

}  // namespace sonde::model
