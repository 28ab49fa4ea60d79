// What may be scanned from here, and what of the configuration is taken over while it runs.

#include "daemon/front_door.hpp"
#include "daemon/limit_names.hpp"
#include "daemon/node.hpp"
#include "daemon/reload_report.hpp"
#include "webhook/retry_plan.hpp"

namespace sonde::daemon {

/// The operator's rules. Where this process scans, its machine's own addresses are out of scope.
result<std::shared_ptr<const model::address_scope>> node::scope_of(
    const model::scope_rules& rules) const {
  auto scope = model::address_scope::from_rules(rules);
  if (!scope) return scope.error();
  if (has_role("scanner")) scope->exclude_machine(addresses_);
  return std::make_shared<const model::address_scope>(std::move(*scope));
}

std::shared_ptr<const scanner::policy> node::policy_of(const model::address_scope& scope) const {
  return std::make_shared<scanner::policy>(scope, addresses_);
}

void node::take_over(const std::shared_ptr<const model::address_scope>& scope) {
  auto rules = policy_of(*scope);
  if (engines_) engines_->set_policy(rules);
  if (scheduler_) scheduler_->set_policy(rules);
  if (!scans_) return;
  asio::post(http_loop_.get_executor(), [this, scope] {
    scans_->set_scope(scope);
    facts_->set_scope(scope);
  });
}

scanner::rate_settings node::rates_of(const configuration& config) {
  return {static_cast<double>(config.scan.rate_per_address),
          static_cast<double>(config.scan.rate_per_network)};
}

void node::take_over_log(const configuration& changed) {
  log_.set_level(level_of(changed));
  log_.set_format(format_of(changed));
  if (!audit_) return;
  asio::post(http_loop_.get_executor(),
             [this, logged = changed.log.audit] { audit_->set_logged(logged); });
}

void node::take_over_probing(const configuration& changed) {
  if (!engines_) return;
  engines_->set_rates(rates_of(changed));
  engines_->set_user_agent(user_agent(changed));
}

void node::take_over_limits(const limits& changed) {
  asio::post(http_loop_.get_executor(), [this, changed] {
    for (const auto& one : limit_names()) {
      if (is_reloaded(std::string("limits.") + one.name)) {
        config_.limits.*one.member = changed.*one.member;
      }
    }
    if (guard_) guard_->set_rates(config_.limits);
  });
}

void node::take_over_sending(const configuration& changed) {
  if (!sender_) return;
  // They were checked when they were read.
  auto pauses = webhook::parse_pauses(changed.webhook.retry_s).value();
  asio::post(webhook_loop_.get_executor(),
             [this, plan = webhook::retry_plan(std::move(pauses)), agent = user_agent(changed)] {
               sender_->set_plan(plan);
               poster_->set_user_agent(agent);
             });
}

/// For webhooks that are asked for, and for messages that are on their way.
void node::take_over_guard(const model::webhook_guard& guard) {
  if (scans_) {
    asio::post(http_loop_.get_executor(),
               [this, guard] { scans_->accept_webhooks(webhook_keys_, guard); });
  }
  if (!sender_) return;
  asio::post(webhook_loop_.get_executor(), [this, guard] {
    sender_->set_guard(guard);
    poster_->set_guard(guard);
  });
}

result<> node::reload(const configuration& changed) {
  auto scope = scope_of(changed.scope);
  if (!scope) return scope.error();
  auto guard = model::webhook_guard::from_rules(changed.webhook.allow);
  if (!guard) return guard.error();
  auto tls = load_tls(changed);
  if (!tls) return tls.error();
  if (tls_ && *tls) tls_->take_over(**tls);
  take_over_log(changed);
  take_over_probing(changed);
  take_over_limits(changed.limits);
  take_over_guard(*guard);
  take_over_sending(changed);
  if (http_) {
    auto rename = [this, names = changed.http.server_names] { http_->allow_names(names); };
    asio::post(http_loop_.get_executor(), std::move(rename));
  }
  config_.scope = changed.scope;
  take_over(*scope);
  return {};
}

void node::refresh_addresses() {
  auto now = scanner::own_addresses();
  if (now.empty() || now == addresses_) return;
  addresses_ = std::move(now);
  auto scope = scope_of(config_.scope);
  if (!scope) return;
  log_.info(
      "addresses of this machine changed; they are out of scope unless scope.allow holds them",
      {{"addresses", static_cast<std::int64_t>(addresses_.size())}});
  take_over(*scope);
}

void node::watch_clock() {
  auto jump = watch_.look();
  if (!jump) return;
  clock_jumps_.add();
  log_.warning("the machine's clock has jumped", {{"milliseconds", jump->count()}});
}

}  // namespace sonde::daemon
