#include "daemon/roles/ingest_role.hpp"

#include "daemon/local_api.hpp"
#include "daemon/roles/wait_for.hpp"
#include "scanner/engine/plan.hpp"

namespace sonde::daemon {

ingest_role::ingest_role(const role_context& context, queue_role& queue, request_loops& loops,
                         views_role& views, const process_scope& scope)
    : role(context), queue_(queue), loops_(loops), views_(views), scope_(scope) {}

result<> ingest_role::start_parts() {
  return call_and_wait(loops_.http(),
                       [this, scope = scope_.scope()] { return create_parts(scope); });
}

result<> ingest_role::create_parts(const std::shared_ptr<const model::address_scope>& scope) {
  auto guard = model::webhook_guard::from_rules(context_.config.webhook.allow);
  if (!guard) return guard.error();
  const auto& bounds = loops_.bounds();
  const auto& time = context_.time;
  auto& log = context_.log;
  ingest::order_rules rules{context_.profiles, scope, {}, {}, bounds.record_max_bytes};
  rules.usual_depth = scanner::depth_named(context_.config.scan.depth);
  ingest::scan_context parts{.workers = loops_.workers(),
                             .queue = queue_.backend(),
                             .tasks = views_.tasks(),
                             .entities = *views_.entities(),
                             .bounds = bounds,
                             .http_bounds = bounds,
                             .view_bounds = bounds,
                             .time = time,
                             .log = log};
  scans_ = std::make_unique<ingest::scan_service>(parts, std::move(rules));
  ingest::entity_service::context around{
      loops_.workers(), queue_.backend(), *views_.entities(), bounds, time, log};
  facts_ = std::make_unique<ingest::entity_service>(around, scope);
  facts_->compare_with(views_.tasks());
  scans_->build_with(loops_.builder());
  facts_->build_with(loops_.builder());
  scans_->orders().accept_webhooks(context_.webhook_keys, std::move(*guard));
  return {};
}

std::unique_ptr<client::scan_api> ingest_role::local_api() {
  return make_local_api(loops_.http(), *scans_, *facts_, context_.process_id);
}

void ingest_role::close_intake() {
  if (scans_) asio::post(loops_.http(), [this] { scans_->hurry(); });
}

void ingest_role::reload(const reloaded_settings& changed) {
  asio::post(loops_.http(), [this, guard = changed.guard] {
    scans_->orders().accept_webhooks(context_.webhook_keys, guard);
  });
}

void ingest_role::set_scope(const process_scope& changed) {
  asio::post(loops_.http(), [this, scope = changed.scope()] {
    scans_->orders().set_scope(scope);
    facts_->set_scope(scope);
  });
}

void ingest_role::stop_parts() {
  if (scans_) run_and_wait(loops_.http(), scans_->stop());
  if (facts_) run_and_wait(loops_.http(), facts_->stop());
}

}  // namespace sonde::daemon
