#pragma once

#include "base/limits.hpp"
#include "base/result.hpp"
#include "model/address_scope.hpp"
#include "model/json.hpp"
#include "model/profile.hpp"
#include "model/scan_request.hpp"
#include "model/webhook_guard.hpp"
#include "model/webhook_keys.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::ingest {

/// What a caller asks for, checked and in canonical form.
struct scan_order {
  model::target target;
  std::string profile;  ///< a profile's name, or ports in their one written form
  std::string ports;    ///< what a custom profile stands for
  std::chrono::seconds max_age{24 * 3600};  ///< a finished scan younger than this will do
  int priority = 0;
  std::string traceparent;
  std::string by = {};                    ///< the user who asks
  std::optional<model::webhook> webhook;  ///< to tell of its end, sealed
};

/// What an order is checked against. A value that nobody changes once it is shared, so that bodies
/// can be checked on any thread.
struct order_rules {
  model::profile_book profiles;
  std::shared_ptr<const model::address_scope> scope;
  std::shared_ptr<const model::webhook_keys> keys;  ///< none: webhooks are refused
  model::webhook_guard guard;
  std::uint32_t record_max_bytes = limits().record_max_bytes;

  /// From a request's JSON. Errors name the field, what is wrong with it, and the mend. `owner`:
  /// the user who asks; their webhooks are signed with secrets of theirs.
  [[nodiscard]] result<scan_order> parse(const model::json& body, const std::string& owner) const;
  /// The same from its text.
  [[nodiscard]] result<scan_order> read(std::string_view body, std::uint32_t depth,
                                        const std::string& owner) const;

 private:
  [[nodiscard]] result<model::webhook> parse_webhook(const model::json& body,
                                                     const std::string& owner) const;
};

/// What an order that is refused names as its target; empty where it names none.
[[nodiscard]] std::string named_target(std::string_view body, std::uint32_t depth);

}  // namespace sonde::ingest
