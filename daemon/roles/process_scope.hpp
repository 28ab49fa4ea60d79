#pragma once

#include "base/result.hpp"
#include "model/net/address_scope.hpp"
#include "model/net/ip_address.hpp"
#include "scanner/policy.hpp"

#include <memory>
#include <set>

namespace sonde::daemon {

/// Selects whether a process scans. If it does, its machine's own addresses are out of scope.
enum class scanning { here, elsewhere };

/// Addresses and names that a process may probe: the operator's rules, without the machine's own
/// addresses. Used by the main thread.
class process_scope {
 public:
  /// Reads the addresses of the machine.
  explicit process_scope(scanning where);

  /// Applies the operator's rules. Changes nothing on an error.
  [[nodiscard]] result<> set_rules(const model::scope_rules& rules);
  /// Reads the addresses of the machine again. Returns true if they have changed, and with them the
  /// scope. Costs some ten microseconds, so that no probe needs this check.
  [[nodiscard]] bool refresh_addresses();

  [[nodiscard]] const std::shared_ptr<const model::address_scope>& scope() const { return scope_; }
  /// Returns the rules of the engines for this scope.
  [[nodiscard]] std::shared_ptr<const scanner::policy> policy() const;
  [[nodiscard]] std::size_t address_count() const { return addresses_.size(); }

 private:
  [[nodiscard]] result<std::shared_ptr<const model::address_scope>> scope_of(
      const model::scope_rules& rules) const;

  scanning where_;
  model::scope_rules rules_;
  std::set<model::ip_address> addresses_;  ///< of this machine
  std::shared_ptr<const model::address_scope> scope_;
};

}  // namespace sonde::daemon
