#pragma once

#include "base/async/event_loop.hpp"
#include "daemon/limits.hpp"
#include "daemon/roles/role.hpp"
#include "ingest/http/body_workers.hpp"
#include "ingest/http/response_builder.hpp"

namespace sonde::daemon {

/// Threads that process requests: the HTTP loop, the thread that builds large responses, and the
/// threads that check large bodies. Other roles create their parts on the HTTP loop.
///
/// Holds the limits that this loop reads. A reload changes them in place, on the loop.
class request_loops final : public role {
 public:
  explicit request_loops(const role_context& context);

  [[nodiscard]] executor http() { return http_.get_executor(); }
  /// Returns the limits. Only the HTTP loop reads the limits that a reload changes.
  [[nodiscard]] const limits& bounds() const { return bounds_; }
  /// Returns the threads for large bodies. A process that serves no facts has none.
  [[nodiscard]] ingest::body_workers& workers() { return *workers_; }
  /// Returns the builder of large responses. A process that serves no facts has none.
  [[nodiscard]] ingest::response_builder& builder() { return *builder_; }

  void reload(const reloaded_settings& changed) override;

 private:
  result<> start_parts() override;
  void stop_parts() override;

  limits bounds_;
  event_loop http_{"http"};
  event_loop responses_{"responses"};
  std::unique_ptr<ingest::body_workers> workers_;
  std::unique_ptr<ingest::response_builder> builder_;
};

}  // namespace sonde::daemon
