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
  policy(model::address_scope scope, std::set<model::ip_address> own_addresses);

  /// Whether an address may be dialled when scanning under this host: `errc::out_of_scope` or
  /// `errc::excluded`, with the sentence for people.
  [[nodiscard]] result<> may_dial(const model::ip_address& address,
                                  const model::target& under) const;
  /// Whether a target may be scanned at all, as far as can be said before it is resolved.
  [[nodiscard]] result<> may_scan(const model::target& target) const;
  /// No rate limits there.
  [[nodiscard]] bool is_own(const model::ip_address& address) const;

 private:
  [[nodiscard]] static result<> answer(const model::address_scope::judgement& judged);

  model::address_scope scope_;
  std::set<model::ip_address> own_addresses_;
};

/// The addresses of this machine's interfaces, at this moment.
[[nodiscard]] std::set<model::ip_address> own_addresses();

}  // namespace sonde::scanner
