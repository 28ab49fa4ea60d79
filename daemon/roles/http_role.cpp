#include "daemon/roles/http_role.hpp"

#include "daemon/front_door.hpp"
#include "daemon/roles/wait_for.hpp"
#include "ingest/facts/definition_handlers.hpp"
#include "ingest/facts/entity_handlers.hpp"
#include "ingest/scans/scan_handlers.hpp"

namespace sonde::daemon {

http_role::http_role(const role_context& context, request_loops& loops, access_role& access,
                     ingest_role* ingest, health_report report)
    : role(context),
      loops_(loops),
      access_(access),
      ingest_(ingest),
      report_(std::move(report)),
      quota_(loops.bounds(), context.time, context.counts) {}

result<> http_role::start_parts() {
  return call_and_wait(loops_.http(), [this] {
    add_routes();
    auto served = serve();
    return served ? serve_gateways() : served;
  });
}

void http_role::add_routes() {
  // A router without its authenticator would refuse every request.
  access_.protect(router_);
  const auto& bounds = loops_.bounds();
  if (context_.has_role("ingest")) {
    ingest::add_scheduling_routes(router_, ingest_->scans(), bounds, &quota_);
    ingest::add_submission_routes(router_, ingest_->facts(), &quota_);
    ingest::add_definition_routes(router_);
  }
  if (ingest_ != nullptr) ingest::add_scan_routes(router_, ingest_->scans(), bounds);
  if (context_.has_role("view")) ingest::add_entity_routes(router_, ingest_->facts());
  ingest::add_openapi_routes(router_, SONDE_VERSION);
  ingest::add_health_routes(router_, report_.components);
  ingest::add_metrics_route(router_, who_reads_metrics(), report_.metrics_text);
}

/// Returns the access rule of the metrics. Metrics describe all tenants together. A connection from
/// this machine may be that of a proxy, which forwards requests of any caller, whatever headers it
/// adds or removes. Therefore open access needs a setting.
ingest::access http_role::who_reads_metrics() const {
  return context_.config.http.metrics == "everybody" ? ingest::access::everybody
                                                     : ingest::access::metrics;
}

/// Creates a server of the routes. Each server counts its own requests, so the suffix makes their
/// ids unique.
std::unique_ptr<ingest::http_server> http_role::make_server(const std::string& id_suffix) {
  auto handle = [this](ingest::http_request request) { return router_.handle(std::move(request)); };
  ingest::http_server::context around{loops_.http(), loops_.bounds(), context_.log, context_.counts,
                                      context_.process_id + id_suffix};
  auto out = std::make_unique<ingest::http_server>(std::move(around), std::move(handle));
  ingest::admission door;
  door.admit = [this](ingest::http_request& request) { return router_.admit(request); };
  door.refused = [this](const ingest::http_request& request) {
    return access_.authenticator().check_refused(request);
  };
  out->admit_by(std::move(door));
  out->audit_to(access_.audit());
  return out;
}

result<> http_role::serve() {
  const auto& config = context_.config;
  http_ = make_server("");
  http_->allow_names(config.http.server_names);
  auto tls = load_tls(config);
  if (!tls) return tls.error();
  tls_ = std::move(*tls);
  if (tls_) http_->use_tls(tls_);
  auto where = parse_listen(config.http.listen);
  if (!where) return where.error();
  auto allowed = exposure_of(config, tls_.get());
  if (auto bound = http_->listen(where->first, where->second, allowed); !bound) return bound;
  http_->start();
  return {};
}

result<> http_role::serve_gateways() {
  const auto& socket = context_.config.http.gateway_socket;
  if (socket.empty()) return {};
  gateway_ = make_server("g");
  gateway_->trust_gateways();
  gateway_->share_budgets(*http_);
  auto bound =
      gateway_->listen(std::filesystem::path(socket), ingest::http_server::socket_rights::group);
  if (!bound) return bound;
  gateway_->start();
  return {};
}

std::string http_role::endpoint() const {
  return http_ ? http_->endpoint() : std::string();
}

std::string http_role::url() const {
  return (tls_ ? "https://" : "http://") + endpoint();
}

std::string http_role::certificate() const {
  return tls_ ? tls_->certificate() : std::string();
}

void http_role::show_metrics() {
  http_->show_held(context_.counts);
  if (!tls_) return;
  auto shown = context_.counts.show("sonde_tls_certificate_expiry_timestamp_seconds",
                                    "When this server's certificate expires, since the epoch.");
  shown.set(std::chrono::duration<double>(tls_->expires().time_since_epoch()).count());
}

void http_role::reload(const reloaded_settings& changed) {
  if (tls_ && changed.tls) tls_->take_over(*changed.tls);
  auto rename = [this, names = changed.config.http.server_names] { http_->allow_names(names); };
  asio::post(loops_.http(), std::move(rename));
}

void http_role::close_intake() {
  for (auto* server : {http_.get(), gateway_.get()}) {
    if (server == nullptr) continue;
    run_and_wait(loops_.http(), server->stop(context_.time.steady_now() + http_drain));
  }
}

}  // namespace sonde::daemon
