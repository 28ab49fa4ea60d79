#pragma once

#include "daemon/roles/access_role.hpp"
#include "daemon/roles/ingest_role.hpp"
#include "daemon/roles/request_loops.hpp"
#include "daemon/roles/role.hpp"
#include "ingest/auth/daily_quota.hpp"
#include "ingest/http/health_handlers.hpp"
#include "ingest/http/http_server.hpp"
#include "ingest/http/router.hpp"
#include "net/tls_server.hpp"

#include <functional>
#include <string>
#include <vector>

namespace sonde::daemon {

/// Functions that answer `/readyz` and `/metrics`. They run on the HTTP loop.
struct health_report {
  ingest::readiness_check components;
  std::function<awaitable<std::string>()> metrics_text;
};

/// HTTP interface of a process: its routes, the TCP listener, and the UNIX socket for gateways that
/// authenticate callers. Every process has it and reports its health, whatever its roles.
class http_role final : public role {
 public:
  /// `ingest` is null in a process that serves no facts.
  http_role(const role_context& context, request_loops& loops, access_role& access,
            ingest_role* ingest, health_report report);

  /// Returns the address of the listener; empty before `start`.
  [[nodiscard]] std::string endpoint() const;
  /// Returns that address as a URL.
  [[nodiscard]] std::string url() const;
  /// Returns the server's certificate as PEM text; empty without TLS.
  [[nodiscard]] std::string certificate() const;
  /// Publishes the bytes held for peers, and the expiry of the certificate. Called on the HTTP
  /// loop.
  void show_metrics();

  void reload(const reloaded_settings& changed) override;

 private:
  result<> start_parts() override;
  void close_intake() override;
  void stop_parts() override {}
  void add_routes();
  [[nodiscard]] ingest::access who_reads_metrics() const;
  [[nodiscard]] std::unique_ptr<ingest::http_server> make_server(const std::string& id_suffix);
  [[nodiscard]] result<> serve();
  [[nodiscard]] result<> serve_gateways();

  request_loops& loops_;
  access_role& access_;
  ingest_role* ingest_;
  health_report report_;
  ingest::daily_quota quota_;  ///< on the HTTP loop
  ingest::router router_;
  std::shared_ptr<tls_server> tls_;  ///< null: HTTP without TLS
  std::unique_ptr<ingest::http_server> http_;
  std::unique_ptr<ingest::http_server> gateway_;  ///< for gateways that authenticate callers
};

}  // namespace sonde::daemon
