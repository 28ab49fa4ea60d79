#pragma once

#include "daemon/control.hpp"
#include "daemon/roles/access_role.hpp"
#include "daemon/roles/http_role.hpp"
#include "daemon/roles/queue_role.hpp"
#include "daemon/roles/request_loops.hpp"
#include "daemon/roles/role.hpp"
#include "ingest/http/http_server.hpp"
#include "ingest/http/router.hpp"

namespace sonde::daemon {

/// Socket in the data folder, through which verbs on this machine reach the daemon. It lives on the
/// HTTP loop. A daemon that cannot create the socket works without it.
class control_role final : public role {
 public:
  /// `access` and `http` are null in a process without HTTP.
  control_role(const role_context& context, queue_role& queue, request_loops& loops,
               access_role* access, http_role* http);

 private:
  result<> start_parts() override;
  void close_intake() override;
  void stop_parts() override {}
  void serve();
  [[nodiscard]] own_address address_here() const;

  queue_role& queue_;
  request_loops& loops_;
  access_role* access_;
  http_role* http_;
  ingest::router routes_;
  std::unique_ptr<ingest::http_server> server_;
};

}  // namespace sonde::daemon
