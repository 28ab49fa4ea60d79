#include "daemon/roles/access_role.hpp"

#include "base/random.hpp"
#include "daemon/roles/wait_for.hpp"

namespace sonde::daemon {

access_role::access_role(const role_context& context, queue_role& queue, request_loops& loops,
                         views_role& views)
    : role(context), queue_(queue), loops_(loops), views_(views) {}

result<> access_role::start_parts() {
  auto create = [this] {
    create_parts();
    return result<>();
  };
  return call_and_wait(loops_.http(), create);
}

void access_role::create_parts() {
  auto loop = loops_.http();
  auto& queue = queue_.backend();
  const auto& bounds = loops_.bounds();
  const auto& time = context_.time;
  auto& log = context_.log;
  auto& counts = context_.counts;
  credentials_ = std::make_unique<views::credential_view>(loop, queue, bounds, time, log);
  authenticator_ = std::make_unique<ingest::authenticator>(*credentials_, bounds, time, counts);
  if (auto* cached = views_.cached_responses(); cached != nullptr) {
    ingest::idempotent_requests::context repeats{loop, queue, bounds, time, log, counts};
    repeats_ = std::make_unique<ingest::idempotent_requests>(repeats, *cached);
  }
  credentials_->start();
  key_uses_ = std::make_unique<ingest::key_use_recorder>(loop, queue, *credentials_, time, log);
  key_uses_->start();
  audit_ = std::make_unique<ingest::audit_trail>(loop, queue, time, log, counts);
  audit_->set_logged(context_.config.log.audit);
  audit_->start();
  admin::context around{loop, queue, bounds, time, log};
  key_changes_ = std::make_unique<admin::key_changes>(around, *credentials_, kernel_random);
  if (!context_.serves_facts()) return;
  keys_ =
      std::make_unique<ingest::keypair_service>(*key_changes_, *credentials_, bounds, time, log);
}

void access_role::protect(ingest::router& routes) {
  routes.set_authentication(*authenticator_);
  if (repeats_) routes.set_middleware(*repeats_);
  if (keys_) ingest::add_keypair_routes(routes, *keys_);
}

void access_role::reload(const reloaded_settings& changed) {
  // The limits have changed before: their role starts before this one.
  asio::post(loops_.http(), [this, logged = changed.config.log.audit] {
    audit_->set_logged(logged);
    authenticator_->set_rates(loops_.bounds());
  });
}

awaitable<void> access_role::stop_on_loop() {
  if (key_changes_) co_await key_changes_->stop();
  if (repeats_) co_await repeats_->stop();
  if (audit_) co_await audit_->stop();
  if (key_uses_) co_await key_uses_->stop();
  if (credentials_) co_await credentials_->stop();
}

void access_role::stop_parts() {
  run_and_wait(loops_.http(), stop_on_loop());
}

}  // namespace sonde::daemon
