#pragma once

#include "daemon/process_metrics.hpp"
#include "daemon/readiness.hpp"
#include "daemon/roles/access_role.hpp"
#include "daemon/roles/http_role.hpp"
#include "daemon/roles/queue_role.hpp"
#include "daemon/roles/request_loops.hpp"
#include "daemon/roles/role.hpp"
#include "daemon/roles/scanner_role.hpp"
#include "daemon/roles/views_role.hpp"
#include "daemon/roles/webhook_role.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sonde::daemon {

/// Roles whose progress is checked. A null pointer means that a process has no such role.
struct checked_roles {
  queue_role& queue;
  views_role& views;
  request_loops& loops;
  access_role* access = nullptr;
  http_role* http = nullptr;
  webhook_role* webhook = nullptr;
  scanner_role* scanner = nullptr;
};

/// Health of a process: readiness and metrics. It starts after every other role. Before that it
/// reports that the process is starting. The coroutines run on the HTTP loop.
class health_role final : public role {
 public:
  health_role(const role_context& context, const checked_roles& roles);

  /// Returns the state of every part, for `/readyz`.
  awaitable<std::vector<ingest::component>> components();
  /// Returns the metrics as text. Reads the lag from the queue on demand and omits it if the queue
  /// does not answer.
  awaitable<std::string> metrics_text();
  /// Returns the loops that must make progress. Called on the main thread, after `start`.
  [[nodiscard]] std::vector<executor> threads();

 private:
  result<> start_parts() override;
  void stop_parts() override;
  /// Returns the essential threads except that of HTTP, by name.
  [[nodiscard]] std::vector<std::pair<std::string, executor>> named_threads();
  awaitable<void> show_lag();
  awaitable<void> show_backlog();
  /// Publishes the readiness of every part. Returns true if every thread answers.
  awaitable<bool> show_readiness();
  void show_disk();

  checked_roles roles_;
  process_metrics process_;
  std::shared_ptr<readiness> readiness_;  ///< on the HTTP loop; null during start
};

}  // namespace sonde::daemon
