#pragma once

#include "base/async/event_loop.hpp"
#include "daemon/roles/queue_role.hpp"
#include "daemon/roles/role.hpp"
#include "scanner/resolver/resolver.hpp"
#include "webhook/dispatcher.hpp"

#include <utility>
#include <vector>

namespace sonde::daemon {

/// Sends webhooks, for the role `webhook`. Without keys it sends none.
class webhook_role final : public role {
 public:
  webhook_role(const role_context& context, queue_role& queue);

  /// Returns the thread that must make progress; empty if no webhooks are sent.
  [[nodiscard]] std::vector<std::pair<std::string, executor>> threads();

  void reload(const reloaded_settings& changed) override;

 private:
  result<> start_parts() override;
  void stop_parts() override;
  [[nodiscard]] result<> create_client(const model::webhook_guard& guard);

  queue_role& queue_;
  event_loop loop_{"webhook"};
  std::unique_ptr<scanner::resolver> names_;
  std::unique_ptr<webhook::webhook_client> client_;
  std::unique_ptr<webhook::dispatcher> dispatcher_;  ///< null: no webhooks are sent
};

}  // namespace sonde::daemon
