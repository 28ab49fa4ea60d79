#pragma once

#include "base/async/asio.hpp"
#include "base/result.hpp"
#include "ingest/http/http_message.hpp"
#include "ingest/scans/order_rules.hpp"
#include "ingest/scans/scan_context.hpp"
#include "model/net/address_scope.hpp"
#include "model/text/json.hpp"
#include "model/webhook/webhook_guard.hpp"
#include "model/webhook/webhook_keys.hpp"

#include <memory>
#include <string>
#include <vector>

namespace sonde::ingest {

/// Reads scan orders. Holds the current rules, parts of which the operator can replace.
///
/// Lives on one loop. Call the functions that change the rules on it, or before it runs.
class order_reader {
 public:
  order_reader(const scan_context& context, order_rules rules);

  /// Parses an order from a request's JSON. Errors name the field, the fault and the correction.
  /// `owner`: the user who orders; their webhooks are signed with secrets of their own.
  [[nodiscard]] result<scan_order> parse(const model::json& body, const std::string& owner) const;
  /// Parses an order from a body. A worker parses a large one.
  awaitable<result<scan_order>> read(std::string body, caller who);
  /// Returns the secrets that sign messages to this URL for this owner, newest first.
  [[nodiscard]] result<std::vector<std::string>> webhook_secrets(const std::string& url,
                                                                 const std::string& owner) const;

  /// Returns the current rules. A later change does not affect the returned object.
  [[nodiscard]] std::shared_ptr<const order_rules> rules() const { return rules_; }

  /// Enables webhooks; until then they are rejected.
  void accept_webhooks(std::shared_ptr<const model::webhook_keys> keys, model::webhook_guard guard);
  void set_scope(std::shared_ptr<const model::address_scope> scope);

 private:
  scan_context context_;
  std::shared_ptr<const order_rules> rules_;
};

}  // namespace sonde::ingest
