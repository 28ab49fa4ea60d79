#pragma once

#include "client/scan_api.hpp"
#include "daemon/clock_watch.hpp"
#include "daemon/roles/health_role.hpp"
#include "daemon/roles/ingest_role.hpp"
#include "daemon/roles/role.hpp"
#include "queue/io.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sonde::daemon {

/// Storage of a process. Without a folder the views are in memory.
struct node_storage {
  std::unique_ptr<queue::backend> queue;
  std::optional<std::filesystem::path> view_folder = std::nullopt;
};

/// All parts of a process: an ordered list of roles.
///
/// `start` starts the roles in the order of their dependencies; `stop` stops them in the reverse
/// order. Both block and are called on the main thread; so is `reload`.
class node {
 public:
  /// Takes ownership of the queue and closes it. The clock and the log outlive the node.
  node(configuration config, node_storage storage, http_use http, const clock& clock, logger& log);
  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  [[nodiscard]] result<> start();
  /// Idempotent. Stops the roles that have started, also after `start` has failed.
  void stop();

  /// Returns the address of the HTTP server; empty if there is none.
  [[nodiscard]] std::string endpoint() const;
  /// Returns that address as a URL.
  [[nodiscard]] std::string url() const;
  /// Returns the interface without HTTP, for a caller in this process.
  [[nodiscard]] std::unique_ptr<client::scan_api> local_api();
  /// Applies the settings that `reload_report` lists as taken over. Other changes need a restart.
  [[nodiscard]] result<> reload(const configuration& changed);
  /// Checks whether the machine's addresses have changed; they are out of scope. Costs some ten
  /// microseconds, so that no probe needs this check.
  void refresh_addresses();
  /// Logs and counts that the machine's clock was set since the last call. Costs as little.
  void watch_clock();
  /// Returns the loops that must make progress. Called after `start`.
  [[nodiscard]] std::vector<executor> threads() { return health_->threads(); }
  /// Returns an error after a failure that only a restart repairs.
  [[nodiscard]] result<> health() const;

 private:
  [[nodiscard]] result<> load_inputs();
  void create_roles();
  [[nodiscard]] health_report report_health();
  template <class Role, class... Arguments>
  Role& add(Arguments&&... arguments);

  const configuration config_;
  metrics counts_;
  fatal_error failure_;  ///< of a part that this process needs
  role_context context_;
  process_scope scope_;
  clock_watch watch_;
  counter clock_jumps_;
  std::vector<std::unique_ptr<role>> roles_;  ///< in the order of their start
  queue_role& queue_;
  ingest_role* ingest_ = nullptr;
  http_role* http_ = nullptr;
  health_role* health_ = nullptr;
};

}  // namespace sonde::daemon
