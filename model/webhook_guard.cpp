#include "model/webhook_guard.hpp"

#include "model/address_class.hpp"
#include "model/errc.hpp"

#include <algorithm>

namespace sonde::model {
namespace {

/// Globally routable by the registries, and yet the same for every machine of a cloud: the host's
/// own services.
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

result<> webhook_guard::judge(const ip_address& address, const target& host) const {
  auto holds = [&](const network& range) { return range.contains(address); };
  bool service = is_host_service(address) && std::ranges::none_of(networks_, holds);
  // What is allowed by its address or its name is in scope whatever its kind.
  bool allowed = scope_.judge(address, host).what == address_scope::verdict::in_scope;
  if (allowed && !service) return {};
  auto kind = service ? std::string("a cloud's own service") : std::string(classify(address).name);
  return fail(errc::invalid_field, address.text() + " is " + kind +
                                       "; webhooks go to globally routable addresses and to those "
                                       "that this server's webhook.allow holds");
}

result<> webhook_guard::judge(const target& host) const {
  if (!host.is_address()) return {};
  return judge(host.address(), host);
}

}  // namespace sonde::model
