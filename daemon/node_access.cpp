// Who may come in: credentials, and the sockets on which somebody is let in by another rule.

#include "daemon/control.hpp"
#include "daemon/node.hpp"

#include <cstring>

namespace sonde::daemon {

/// Before any route is used: a router without its guard would refuse everybody.
void node::start_credentials() {
  auto loop = http_loop_.get_executor();
  credentials_ =
      std::make_unique<views::credential_view>(loop, *queue_, config_.limits, clock_, log_);
  guard_ = std::make_unique<ingest::authenticator>(*credentials_, config_.limits, clock_, counts_);
  router_.set_guard(*guard_);
  if (answers_) {
    repeats_ = std::make_unique<ingest::idempotent_requests>(loop, *queue_, *answers_,
                                                             config_.limits, clock_, log_, counts_);
    router_.set_passage(*repeats_);
  }
  credentials_->start();
  key_uses_ =
      std::make_unique<ingest::key_use_recorder>(loop, *queue_, *credentials_, clock_, log_);
  key_uses_->start();
  audit_ = std::make_unique<ingest::audit_trail>(loop, *queue_, clock_, log_, counts_,
                                                 config_.log.audit);
  audit_->start();
  key_changes_ = std::make_unique<views::key_changes>(loop, *queue_, *credentials_, kernel_random,
                                                      config_.limits, clock_, log_);
  if (!scans_) return;
  keys_ = std::make_unique<ingest::keypair_service>(*key_changes_, *credentials_, config_.limits,
                                                    clock_, log_);
  ingest::add_keypair_routes(router_, *keys_);
}

/// Counts tell of all tenants together, and a connection from this machine may be a proxy's that
/// carries anybody's request, whatever headers it adds or leaves out. So it takes a setting.
ingest::access node::who_reads_metrics() const {
  return config_.http.metrics == "everybody" ? ingest::access::everybody : ingest::access::metrics;
}

ingest::admission node::front_desk() {
  ingest::admission out;
  out.admit = [this](ingest::http_request& request) { return router_.admit(request); };
  out.refused = [this](const ingest::http_request& request) {
    return guard_->judge_refused(request);
  };
  return out;
}

/// Large responses on a thread of their own.
void node::build_apart() {
  builder_ = std::make_unique<ingest::response_builder>(
      http_loop_.get_executor(), response_loop_.get_executor(), config_.limits, clock_);
  scans_->build_with(*builder_);
  facts_->build_with(*builder_);
}

result<> node::start_gateway() {
  if (config_.http.gateway_socket.empty()) return {};
  auto handle = [this](ingest::http_request request) { return router_.handle(std::move(request)); };
  // Servers count their requests each for itself, and ids are unique.
  gateway_ =
      std::make_unique<ingest::http_server>(http_loop_.get_executor(), std::move(handle),
                                            config_.limits, log_, counts_, process_id_ + "g");
  gateway_->trust_gateways();
  gateway_->admit_by(front_desk());
  gateway_->share_budgets(*http_);
  gateway_->audit_to(*audit_);
  auto bound = gateway_->listen(std::filesystem::path(config_.http.gateway_socket),
                                ingest::http_server::socket_rights::group);
  if (!bound) return bound;
  gateway_->start();
  return {};
}

/// Who listens on all addresses is reached on loopback too.
own_address node::address_here() const {
  auto where = url();
  for (const auto& [all, loopback] :
       {std::pair("://0.0.0.0:", "://127.0.0.1:"), std::pair("://[::]:", "://[::1]:")}) {
    auto found = where.find(all);
    if (found != std::string::npos) where.replace(found, std::strlen(all), loopback);
  }
  return {where, tls_ ? tls_->certificate() : std::string()};
}

void node::start_control() {
  add_control_routes(control_routes_, *queue_, clock_);
  add_address_control_route(control_routes_, [this] { return address_here(); });
  if (credentials_) {
    add_key_control_route(control_routes_, *key_changes_, *credentials_, config_.limits, clock_);
  }
  auto handle = [this](ingest::http_request request) {
    return control_routes_.handle(std::move(request));
  };
  control_ =
      std::make_unique<ingest::http_server>(http_loop_.get_executor(), std::move(handle),
                                            config_.limits, log_, counts_, process_id_ + "c");
  if (audit_) control_->audit_to(*audit_);
  if (auto bound = control_->listen(control_socket(*view_folder_)); !bound) {
    log_.warning("verbs cannot reach this daemon", {{"reason", bound.error().message()}});
    control_.reset();
    return;
  }
  control_->start();
}

awaitable<void> node::stop_credentials() {
  if (key_changes_) co_await key_changes_->stop();
  if (repeats_) co_await repeats_->stop();
  if (answers_) co_await answers_->stop();
  if (audit_) co_await audit_->stop();
  if (key_uses_) co_await key_uses_->stop();
  if (credentials_) co_await credentials_->stop();
}

}  // namespace sonde::daemon
