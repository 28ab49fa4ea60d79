#pragma once

#include "client/scan_api.hpp"
#include "daemon/roles/queue_role.hpp"
#include "daemon/roles/request_loops.hpp"
#include "daemon/roles/role.hpp"
#include "daemon/roles/views_role.hpp"
#include "ingest/facts/entity_service.hpp"
#include "ingest/scans/scan_service.hpp"

namespace sonde::daemon {

/// Services of scans and facts, for the roles `ingest` and `view`. They live on the HTTP loop.
class ingest_role final : public role {
 public:
  /// `scope` outlives this role.
  ingest_role(const role_context& context, queue_role& queue, request_loops& loops,
              views_role& views, const process_scope& scope);

  [[nodiscard]] ingest::scan_service& scans() { return *scans_; }
  [[nodiscard]] ingest::entity_service& facts() { return *facts_; }
  /// Returns the interface without HTTP, for a caller in this process.
  [[nodiscard]] std::unique_ptr<client::scan_api> local_api();

  void reload(const reloaded_settings& changed) override;
  void set_scope(const process_scope& changed) override;

 private:
  result<> start_parts() override;
  void close_intake() override;
  void stop_parts() override;
  [[nodiscard]] result<> create_parts(const std::shared_ptr<const model::address_scope>& scope);

  queue_role& queue_;
  request_loops& loops_;
  views_role& views_;
  const process_scope& scope_;
  std::unique_ptr<ingest::scan_service> scans_;
  std::unique_ptr<ingest::entity_service> facts_;
};

}  // namespace sonde::daemon
