#pragma once

#include "daemon/roles/role.hpp"
#include "queue/io.hpp"

namespace sonde::daemon {

/// Queue of a process, with its metrics. Every other role uses it, so it stops last.
class queue_role final : public role {
 public:
  queue_role(const role_context& context, std::unique_ptr<queue::backend> queue);

  [[nodiscard]] queue::backend& backend() { return *queue_; }
  /// Returns an error after a failure that only a restart repairs.
  [[nodiscard]] result<> health() const { return queue_->health(); }

 private:
  result<> start_parts() override { return {}; }
  void stop_parts() override { queue_->close(); }

  std::unique_ptr<queue::backend> queue_;
};

}  // namespace sonde::daemon
