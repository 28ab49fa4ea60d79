#pragma once

#include "model/net/ip_address.hpp"
#include "model/net/target.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::model {

/// The entries of `[scope]` in the configuration. Each entry is a network or a name. A name also
/// covers every name below it.
struct scope_rules {
  std::vector<std::string> allow;  ///< in scope although not globally routable
  std::vector<std::string> deny;   ///< never probed; overrides every other rule
  std::vector<std::string> own;    ///< the operator's own networks: no rate limit
};

/// Decides which addresses and names may be probed, and whether a rate limit applies.
///
/// Immutable once it is in use; a reload creates a new object. `deny` overrides `allow`. `allow`
/// overrides the default rules: only globally routable addresses are in scope, and the addresses of
/// this machine are out of scope.
class address_scope {
 public:
  enum class verdict { in_scope, out_of_scope, excluded };
  /// The result of a check: the verdict and a sentence that explains it.
  struct check_result {
    verdict what = verdict::in_scope;
    std::string reason;
  };

  /// Applies the default rules: every globally routable address is in scope.
  address_scope() = default;
  [[nodiscard]] static result<address_scope> from_rules(const scope_rules& rules);
  /// Sets the addresses of this machine's interfaces. They are out of scope, because services
  /// behind its firewall trust connections from the machine itself.
  void exclude_machine(std::set<ip_address> addresses) { machine_ = std::move(addresses); }

  /// Checks one address that was reached under `target`. An address is in scope if the name of its
  /// target is allowed.
  [[nodiscard]] check_result check(const ip_address& address, const target& under) const;
  /// Checks a target before its resolution. For a name only `deny` applies.
  [[nodiscard]] check_result check(const target& target) const;
  [[nodiscard]] bool is_own(const ip_address& address) const;

 private:
  struct entries {
    std::vector<network> networks;
    std::vector<std::string> names;

    [[nodiscard]] bool holds(const ip_address& address) const;
    [[nodiscard]] bool holds(std::string_view name) const;
  };
  static result<entries> parse(const std::vector<std::string>& list);

  entries allow_;
  entries deny_;
  entries own_;
  std::set<ip_address> machine_;
};

}  // namespace sonde::model
