#pragma once

#include "base/async/event_loop.hpp"
#include "base/async/server_tls.hpp"
#include "base/clock.hpp"
#include "base/fatal_error.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "client/scan_api.hpp"
#include "daemon/backend.hpp"
#include "daemon/clock_watch.hpp"
#include "daemon/configuration.hpp"
#include "daemon/control.hpp"
#include "daemon/process_metrics.hpp"
#include "daemon/readiness.hpp"
#include "ingest/audit_trail.hpp"
#include "ingest/authenticate.hpp"
#include "ingest/body_workers.hpp"
#include "ingest/daily_quota.hpp"
#include "ingest/entity_service.hpp"
#include "ingest/handlers.hpp"
#include "ingest/http_server.hpp"
#include "ingest/idempotent_requests.hpp"
#include "ingest/key_use_recorder.hpp"
#include "ingest/keypair_handlers.hpp"
#include "ingest/router.hpp"
#include "ingest/scan_service.hpp"
#include "queue/io.hpp"
#include "scanner/engine/engine_pool.hpp"
#include "scanner/resolver/resolver.hpp"
#include "scanner/scheduler/scheduler.hpp"
#include "views/credential_view.hpp"
#include "views/entity_view.hpp"
#include "views/idempotency_view.hpp"
#include "views/key_changes.hpp"
#include "views/task_view.hpp"
#include "webhook/sender.hpp"

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace sonde::daemon {

/// What a process is made of, wired together: a queue, the views of it, and what its roles need.
///
/// `start` makes the parts in the order in which they need each other; `stop` takes them down the
/// other way round. Both block, and are called from the main thread; so is `reload`.
class node {
 public:
  /// `queue` is closed by the node. No folder: the views are in memory.
  node(configuration config, std::unique_ptr<queue::backend> queue,
       std::optional<std::filesystem::path> view_folder, const clock& clock, logger& log);
  ~node();

  [[nodiscard]] result<> start();
  void stop();

  /// Where HTTP is served; empty where it is not.
  [[nodiscard]] std::string endpoint() const;
  /// The same as a URL.
  [[nodiscard]] std::string url() const { return (tls_ ? "https://" : "http://") + endpoint(); }
  /// The same interface without HTTP, for a caller in this process.
  [[nodiscard]] std::unique_ptr<client::scan_api> local_api();
  /// What `reload_report` calls taken over; what else has changed needs a restart.
  [[nodiscard]] result<> reload(const configuration& changed);
  /// Looks whether the machine has other addresses than before, which are out of scope then. Costs
  /// some ten microseconds; nothing is asked at a probe.
  void refresh_addresses();
  /// Logs and counts that the machine's clock has been set since the last call. Costs as little.
  void watch_clock();
  /// The loops that have to go on. Once it has started.
  [[nodiscard]] std::vector<executor> threads();
  /// An error once something has failed that only a restart mends.
  [[nodiscard]] result<> health() const;
  /// Serves HTTP beside what the local interface gives; without this it is not listened to.
  void serve_http(bool serve) { http_wanted_ = serve; }

 private:
  [[nodiscard]] bool has_role(const char* role) const;
  [[nodiscard]] result<> start_views();
  [[nodiscard]] result<> start_scanner();
  [[nodiscard]] result<> start_ingest();
  [[nodiscard]] result<> start_webhook();
  [[nodiscard]] result<> start_http();
  [[nodiscard]] ingest::access who_reads_metrics() const;
  [[nodiscard]] ingest::admission front_desk();
  void build_apart();
  [[nodiscard]] result<std::shared_ptr<const model::address_scope>> scope_of(
      const model::scope_rules& rules) const;
  [[nodiscard]] static scanner::rate_settings rates_of(const configuration& config);
  void take_over_log(const configuration& changed);
  void take_over_probing(const configuration& changed);
  void take_over_limits(const limits& changed);
  void take_over_sending(const configuration& changed);
  void take_over_guard(const model::webhook_guard& guard);
  [[nodiscard]] std::shared_ptr<const scanner::policy> policy_of(
      const model::address_scope& scope) const;
  void take_over(const std::shared_ptr<const model::address_scope>& scope);
  void start_credentials();
  [[nodiscard]] result<> start_gateway();
  void start_control();
  [[nodiscard]] own_address address_here() const;
  awaitable<void> stop_credentials();
  /// Beside that of HTTP.
  [[nodiscard]] std::vector<std::pair<std::string, executor>> named_threads();
  /// From here on `/readyz` asks every part; until then the process is starting.
  void begin_to_be_ready();
  awaitable<std::vector<ingest::component>> components();
  awaitable<std::string> metrics_text();
  awaitable<void> stop_readiness();
  awaitable<void> show_backlog();
  /// Whether every thread answers.
  awaitable<bool> show_readiness();
  void show_disk();
  void show_certificate();

  configuration config_;
  metrics counts_;
  process_metrics process_{counts_};
  std::unique_ptr<queue::backend> queue_;
  std::optional<std::filesystem::path> view_folder_;
  const clock& clock_;
  clock_watch watch_{clock_};
  counter clock_jumps_ =
      counts_.count("sonde_clock_jumps_total", "How often the machine's clock was set.");
  logger& log_;
  ingest::daily_quota quota_{config_.limits, clock_, counts_};  ///< on the loop of HTTP
  std::string process_id_;
  model::profile_book profiles_;
  std::set<model::ip_address> addresses_;  ///< of this machine; on the main thread
  fatal_error failure_;                    ///< of a part that this process cannot do without

  event_loop task_view_loop_{"view-tasks"};
  event_loop entity_view_loop_{"view-entities"};
  std::array<event_loop, 2> entity_read_loops_{event_loop("read-0"), event_loop("read-1")};
  event_loop scheduler_loop_{"scheduler"};
  event_loop http_loop_{"http"};
  event_loop response_loop_{"responses"};  ///< large ones are built there
  event_loop webhook_loop_{"webhook"};
  std::unique_ptr<views::task_view> tasks_;
  std::unique_ptr<views::entity_view> entities_;
  std::unique_ptr<views::idempotency_view> answers_;  ///< on the loop of entities
  std::unique_ptr<scanner::engine_pool> engines_;
  std::unique_ptr<scanner::scheduler> scheduler_;
  std::unique_ptr<ingest::response_builder> builder_;
  std::unique_ptr<ingest::body_workers> workers_;
  std::unique_ptr<ingest::scan_service> scans_;
  std::unique_ptr<ingest::entity_service> facts_;
  std::unique_ptr<views::credential_view> credentials_;  ///< on the loop of HTTP
  std::unique_ptr<ingest::authenticator> guard_;
  std::unique_ptr<views::key_changes> key_changes_;  ///< on the loop of HTTP
  std::unique_ptr<ingest::keypair_service> keys_;
  std::unique_ptr<ingest::key_use_recorder> key_uses_;
  std::unique_ptr<ingest::audit_trail> audit_;  ///< on the loop of HTTP
  std::unique_ptr<ingest::idempotent_requests> repeats_;
  std::shared_ptr<const model::webhook_keys> webhook_keys_;  ///< none: webhooks are refused
  std::unique_ptr<scanner::resolver> webhook_names_;
  std::unique_ptr<webhook::poster> poster_;
  std::unique_ptr<webhook::sender> sender_;
  std::shared_ptr<readiness> readiness_;  ///< on the loop of HTTP; none while it starts
  ingest::router router_;
  std::shared_ptr<server_tls> tls_;  ///< none: HTTP is served as it is
  std::unique_ptr<ingest::http_server> http_;
  std::unique_ptr<ingest::http_server> gateway_;  ///< for whoever has found out who calls
  ingest::router control_routes_;
  std::unique_ptr<ingest::http_server> control_;  ///< for verbs on this machine
  bool http_wanted_ = true;
  bool running_ = false;
};
}  // namespace sonde::daemon
