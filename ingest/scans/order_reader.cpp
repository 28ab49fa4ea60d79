#include "ingest/scans/order_reader.hpp"

#include "ingest/errc.hpp"

#include <functional>
#include <utility>

namespace sonde::ingest {

order_reader::order_reader(const scan_context& context, order_rules rules)
    : context_(context), rules_(std::make_shared<const order_rules>(std::move(rules))) {}

result<scan_order> order_reader::parse(const model::json& body, const std::string& owner) const {
  return rules_->parse(body, owner);
}

awaitable<result<scan_order>> order_reader::read(std::string body, caller who) {
  auto depth = context_.http_bounds.json_depth;
  if (context_.workers.is_small(body.size())) co_return rules_->read(body, depth, who.user_id);
  std::function<result<scan_order>()> work = [rules = rules_, depth, body = std::move(body),
                                              owner = who.user_id] {
    return rules->read(body, depth, owner);
  };
  auto order = co_await context_.workers.run(turn_of(who), context_.deadline(), std::move(work));
  co_return order;
}

result<std::vector<std::string>> order_reader::webhook_secrets(const std::string& url,
                                                               const std::string& owner) const {
  if (auto fine = model::parse_webhook_url(url); !fine) {
    return fail(errc::invalid, fine.error().message());
  }
  const auto& keys = rules_->keys;
  auto secrets = keys ? keys->secrets_of(owner, url) : std::vector<std::string>();
  if (!secrets.empty()) return secrets;
  return fail(errc::not_found,
              "this server has no webhook.key_file, so it derives no secrets; ask its operator");
}

void order_reader::accept_webhooks(std::shared_ptr<const model::webhook_keys> keys,
                                   model::webhook_guard guard) {
  auto changed = *rules_;
  changed.keys = std::move(keys);
  changed.guard = std::move(guard);
  rules_ = std::make_shared<const order_rules>(std::move(changed));
}

void order_reader::set_scope(std::shared_ptr<const model::address_scope> scope) {
  auto changed = *rules_;
  changed.scope = std::move(scope);
  rules_ = std::make_shared<const order_rules>(std::move(changed));
}

}  // namespace sonde::ingest
