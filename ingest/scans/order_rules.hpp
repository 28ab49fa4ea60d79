#pragma once

#include "base/result.hpp"
#include "model/net/address_scope.hpp"
#include "model/scan/profile.hpp"
#include "model/scan/scan_request.hpp"
#include "model/text/json.hpp"
#include "model/webhook/webhook_guard.hpp"
#include "model/webhook/webhook_keys.hpp"
#include "queue/limits.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::ingest {

/// A scan order of a caller, checked and in canonical form.
struct scan_order {
  model::target target;
  std::string profile;  ///< a profile's name, or ports in canonical form
  std::string ports;    ///< the ports of a custom profile
  /// Maximum age of a finished scan that satisfies the order.
  std::chrono::seconds max_age{24 * 3600};
  model::scan_depth depth = model::scan_depth::standard;
  int priority = 0;
  std::string traceparent;
  std::string by = {};                    ///< the user who orders
  std::optional<model::webhook> webhook;  ///< notified of the end; encrypted
};

/// The rules that orders are checked against. Immutable once shared, so that bodies can be checked
/// on any thread.
struct order_rules {
  model::profile_book profiles;
  std::shared_ptr<const model::address_scope> scope;
  std::shared_ptr<const model::webhook_keys> keys;  ///< none: webhooks are refused
  model::webhook_guard guard;
  std::uint32_t record_max_bytes = queue::limits().record_max_bytes;
  /// The depth of an order without a depth, if its profile has none either.
  model::scan_depth usual_depth = model::scan_depth::standard;

  /// Parses an order from a request's JSON. Errors name the field, the fault and the correction.
  /// `owner`: the user who orders; their webhooks are signed with secrets of their own.
  [[nodiscard]] result<scan_order> parse(const model::json& body, const std::string& owner) const;
  /// Parses an order from its JSON text.
  [[nodiscard]] result<scan_order> read(std::string_view body, std::uint32_t depth,
                                        const std::string& owner) const;

 private:
  [[nodiscard]] result<model::webhook> parse_webhook(const model::json& body,
                                                     const std::string& owner) const;
  [[nodiscard]] result<model::scan_depth> depth_of(const model::json& body,
                                                   const std::string& profile) const;
};

/// Returns the target that a rejected order names; empty if it names none.
[[nodiscard]] std::string named_target(std::string_view body, std::uint32_t depth);

}  // namespace sonde::ingest
