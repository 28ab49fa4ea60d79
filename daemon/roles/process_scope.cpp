#include "daemon/roles/process_scope.hpp"

namespace sonde::daemon {

process_scope::process_scope(scanning where)
    : where_(where), addresses_(scanner::own_addresses()) {}

result<std::shared_ptr<const model::address_scope>> process_scope::scope_of(
    const model::scope_rules& rules) const {
  auto scope = model::address_scope::from_rules(rules);
  if (!scope) return scope.error();
  if (where_ == scanning::here) scope->exclude_machine(addresses_);
  return std::make_shared<const model::address_scope>(std::move(*scope));
}

result<> process_scope::set_rules(const model::scope_rules& rules) {
  auto scope = scope_of(rules);
  if (!scope) return scope.error();
  rules_ = rules;
  scope_ = std::move(*scope);
  return {};
}

bool process_scope::refresh_addresses() {
  auto now = scanner::own_addresses();
  if (now.empty() || now == addresses_) return false;
  addresses_ = std::move(now);
  return set_rules(model::scope_rules(rules_)).has_value();
}

std::shared_ptr<const scanner::policy> process_scope::policy() const {
  return std::make_shared<scanner::policy>(*scope_, addresses_);
}

}  // namespace sonde::daemon
