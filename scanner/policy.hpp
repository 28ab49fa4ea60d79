#pragma once

#include "base/result.hpp"
#include "model/address_scope.hpp"

#include <memory>
#include <set>

namespace sonde::scanner {

/// The rules by which one process dials: the operator's scope, and this machine's own addresses.
///
/// Immutable and shared between threads; a reload hands every engine a new one, and scans under way
/// are judged anew by it.
class policy {
 public:
  /// `named`: the targets named by the person at the keyboard, who is the operator; they are in
  /// scope whatever they are, `deny` apart.
  policy(model::address_scope scope, std::set<model::ip_address> own_addresses,
         bool named_targets_allowed = false);

  /// Whether an address may be dialled when scanning under this host: `errc::out_of_scope` or
  /// `errc::excluded`, with the sentence for people.
  [[nodiscard]] result<> may_dial(const model::ip_address& address,
                                  const model::target& under) const;
  /// No rate limits there.
  [[nodiscard]] bool is_own(const model::ip_address& address) const;

 private:
  model::address_scope scope_;
  std::set<model::ip_address> own_addresses_;
  bool named_targets_allowed_;
};

/// The addresses of this machine's interfaces, at this moment.
[[nodiscard]] std::set<model::ip_address> own_addresses();

}  // namespace sonde::scanner
