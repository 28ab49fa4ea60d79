#pragma once

#include "model/net/address_scope.hpp"

#include <string>
#include <vector>

namespace sonde::model {

/// Decides to which addresses a webhook may be sent: to addresses that everyone can reach. Callers
/// choose the URL, so this machine could otherwise connect to hosts of its own network for them
/// (server-side request forgery). Immutable; any thread.
class webhook_guard {
 public:
  /// Allows only globally routable addresses.
  webhook_guard() = default;
  /// Adds exceptions. `allow`: networks and names that are allowed in addition.
  [[nodiscard]] static result<webhook_guard> from_rules(const std::vector<std::string>& allow);

  /// Checks one address of `host`.
  [[nodiscard]] result<> check(const ip_address& address, const target& host) const;
  /// Checks a host before its look-up. Every name is accepted.
  [[nodiscard]] result<> check(const target& host) const;

 private:
  address_scope scope_;
  std::vector<network> networks_;  ///< the networks of `allow`
};

}  // namespace sonde::model
