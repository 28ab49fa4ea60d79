#pragma once

#include "base/clock.hpp"
#include "base/fatal_error.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/result.hpp"
#include "daemon/configuration.hpp"
#include "daemon/http_use.hpp"
#include "daemon/roles/process_scope.hpp"
#include "model/scan/profile.hpp"
#include "model/webhook/webhook_guard.hpp"
#include "model/webhook/webhook_keys.hpp"
#include "net/tls_server.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::daemon {

/// Values and services that every role uses. They do not change while a role runs, and outlive it.
struct role_context {
  const configuration& config;
  /// Folder of the views and of the control socket. No value: the views are in memory.
  std::optional<std::filesystem::path> view_folder;
  http_use http = http_use::listen;
  const clock& time;
  logger& log;
  metrics& counts;
  fatal_error& failure;  ///< of a part that this process needs
  std::string process_id;
  model::profile_book profiles = {};
  std::shared_ptr<const model::webhook_keys> webhook_keys = {};  ///< null: webhooks are refused

  [[nodiscard]] bool has_role(std::string_view name) const;
  /// Returns true if this process serves scans and entities.
  [[nodiscard]] bool serves_facts() const { return has_role("ingest") || has_role("view"); }
};

/// Settings that a reload applies, already checked.
struct reloaded_settings {
  const configuration& config;
  model::webhook_guard guard;
  std::shared_ptr<tls_server> tls;  ///< null: HTTP without TLS
};

/// Part of a process that starts and stops as one. The node starts its roles in the order of their
/// dependencies and stops them in the reverse order.
///
/// All functions are called on the main thread, which runs none of the loops, and may block.
class role {
 public:
  explicit role(const role_context& context) : context_(context) {}
  virtual ~role() = default;
  role(const role&) = delete;
  role& operator=(const role&) = delete;

  /// Creates and starts the parts of this role, once. After an error `stop` stops those that exist.
  [[nodiscard]] result<> start();
  /// Stops accepting work from outside the process. Called for every role before any is stopped, in
  /// the order of their start. Does nothing unless the role has started.
  void stop_intake();
  /// Ends the work of this role and joins its threads. Idempotent. Does nothing before `start`.
  void stop();

  /// Applies the settings of this role that a reload changes. Called between `start` and `stop`.
  virtual void reload(const reloaded_settings& changed);
  /// Applies a changed scope. Called between `start` and `stop`.
  virtual void set_scope(const process_scope& changed);

 protected:
  [[nodiscard]] virtual result<> start_parts() = 0;
  virtual void close_intake() {}
  virtual void stop_parts() = 0;

  const role_context& context_;

 private:
  bool running_ = false;
};

}  // namespace sonde::daemon
