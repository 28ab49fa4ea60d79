#pragma once

#include "model/address_scope.hpp"

#include <string>
#include <vector>

namespace sonde::model {

/// Which addresses a webhook may be sent to: whatever everybody could reach just as well. Callers
/// choose the URL, so that this machine would otherwise knock on doors of its own network for them
/// (server-side request forgery). Immutable; any thread.
class webhook_guard {
 public:
  /// Nothing beyond what is globally routable.
  webhook_guard() = default;
  /// `allow`: networks and names to send to all the same.
  [[nodiscard]] static result<webhook_guard> from_rules(const std::vector<std::string>& allow);

  /// One address that `host` stands for.
  [[nodiscard]] result<> judge(const ip_address& address, const target& host) const;
  /// A host before it is looked up: a name may be anything.
  [[nodiscard]] result<> judge(const target& host) const;

 private:
  address_scope scope_;
  std::vector<network> networks_;  ///< of what is allowed
};

}  // namespace sonde::model
