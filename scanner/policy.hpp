#pragma once

#include "base/result.hpp"
#include "model/net/address_scope.hpp"

#include <memory>
#include <set>

namespace sonde::scanner {

/// The rules for which addresses a process may dial: the configured scope, and this machine's own
/// addresses.
///
/// Immutable and shared between threads. A reload gives every engine a new policy, and running
/// scans are checked against it again.
class policy {
 public:
  policy(model::address_scope scope, std::set<model::ip_address> own_addresses);

  /// Checks whether an address may be dialled in a scan of this host. Fails with
  /// `errc::out_of_scope` or `errc::excluded` and a readable reason.
  [[nodiscard]] result<> may_dial(const model::ip_address& address,
                                  const model::target& under) const;
  /// Checks whether a target may be scanned, as far as this is known before it is resolved.
  [[nodiscard]] result<> may_scan(const model::target& target) const;
  /// Tells whether the address is in one of the operator's own networks, on loopback, or one of
  /// this machine's addresses. Scans of such an address have no rate limits.
  [[nodiscard]] bool is_own(const model::ip_address& address) const;

 private:
  [[nodiscard]] static result<> answer(const model::address_scope::check_result& checked);

  model::address_scope scope_;
  std::set<model::ip_address> own_addresses_;
};

/// Returns the current addresses of this machine's interfaces.
[[nodiscard]] std::set<model::ip_address> own_addresses();

}  // namespace sonde::scanner
