#pragma once

#include "model/ip_address.hpp"
#include "model/target.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::model {

/// What the operator has written under `[scope]`: each entry is a network or a name. A name stands
/// for itself and for every name below it.
struct scope_rules {
  std::vector<std::string> allow;  ///< in scope although not globally routable
  std::vector<std::string> deny;   ///< never touched, whatever else is said
  std::vector<std::string> own;    ///< the operator's own networks: no rate limit
};

/// Which addresses and names may be probed at all, and how freely.
///
/// Immutable once it is in use; a reload makes a new one. `deny` beats `allow`, and `allow` beats
/// the rules that only globally routable addresses are in scope, and this machine's own are not.
class address_scope {
 public:
  enum class verdict { in_scope, out_of_scope, excluded };
  /// The verdict, and the sentence that a person needs to understand it.
  struct judgement {
    verdict what = verdict::in_scope;
    std::string reason;
  };

  /// The default rules: whatever is globally routable.
  address_scope() = default;
  [[nodiscard]] static result<address_scope> from_rules(const scope_rules& rules);
  /// The addresses of this machine's interfaces: out of scope, as services behind its firewall
  /// trust what comes from itself.
  void exclude_machine(std::set<ip_address> addresses) { machine_ = std::move(addresses); }

  /// One address, reached under `target`: an address whose target's name is allowed is in scope.
  [[nodiscard]] judgement judge(const ip_address& address, const target& under) const;
  /// A target before it is resolved. A name is judged by `deny` alone.
  [[nodiscard]] judgement judge(const target& target) const;
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
