#pragma once

#include "admin/key_changes.hpp"
#include "daemon/roles/queue_role.hpp"
#include "daemon/roles/request_loops.hpp"
#include "daemon/roles/role.hpp"
#include "daemon/roles/views_role.hpp"
#include "ingest/auth/authenticate.hpp"
#include "ingest/auth/key_use_recorder.hpp"
#include "ingest/auth/keypair_handlers.hpp"
#include "ingest/http/audit_trail.hpp"
#include "ingest/http/idempotent_requests.hpp"
#include "ingest/http/router.hpp"
#include "views/credential_view.hpp"

namespace sonde::daemon {

/// Access control of HTTP: API keys, their use and changes, the audit trail, and the repetition of
/// requests. All parts live on the HTTP loop. A process without HTTP has no such role.
class access_role final : public role {
 public:
  access_role(const role_context& context, queue_role& queue, request_loops& loops,
              views_role& views);

  /// Makes a router authenticate its callers, and adds the routes of keys. Called on the HTTP loop.
  void protect(ingest::router& routes);
  [[nodiscard]] ingest::authenticator& authenticator() { return *authenticator_; }
  [[nodiscard]] views::credential_view& credentials() { return *credentials_; }
  [[nodiscard]] admin::key_changes& key_changes() { return *key_changes_; }
  [[nodiscard]] ingest::audit_trail& audit() { return *audit_; }

  void reload(const reloaded_settings& changed) override;

 private:
  result<> start_parts() override;
  void stop_parts() override;
  void create_parts();
  awaitable<void> stop_on_loop();

  queue_role& queue_;
  request_loops& loops_;
  views_role& views_;
  std::unique_ptr<views::credential_view> credentials_;
  std::unique_ptr<ingest::authenticator> authenticator_;
  std::unique_ptr<ingest::idempotent_requests> repeats_;
  std::unique_ptr<ingest::key_use_recorder> key_uses_;
  std::unique_ptr<ingest::audit_trail> audit_;
  std::unique_ptr<admin::key_changes> key_changes_;
  std::unique_ptr<ingest::keypair_service> keys_;  ///< null in a process that serves no facts
};

}  // namespace sonde::daemon
