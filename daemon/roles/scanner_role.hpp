#pragma once

#include "base/async/event_loop.hpp"
#include "daemon/roles/queue_role.hpp"
#include "daemon/roles/role.hpp"
#include "daemon/roles/views_role.hpp"
#include "scanner/engine/engine_pool.hpp"
#include "scanner/scheduler/scheduler.hpp"

#include <utility>
#include <vector>

namespace sonde::daemon {

/// Scans targets, for the role `scanner`: the scheduler and the engines. It takes work from other
/// processes, so it starts after everything that can fail.
class scanner_role final : public role {
 public:
  /// `scope` outlives this role.
  scanner_role(const role_context& context, queue_role& queue, views_role& views,
               const process_scope& scope);

  /// Returns the threads that must make progress, by name.
  [[nodiscard]] std::vector<std::pair<std::string, executor>> threads();

  void reload(const reloaded_settings& changed) override;
  void set_scope(const process_scope& changed) override;

 private:
  result<> start_parts() override;
  void stop_parts() override;
  void create_engines(std::size_t threads, std::size_t descriptors,
                      std::shared_ptr<const scanner::recog_database> fingerprints);
  void create_scheduler();

  queue_role& queue_;
  views_role& views_;
  const process_scope& scope_;
  event_loop loop_{"scheduler"};
  std::unique_ptr<scanner::engine_pool> engines_;
  std::unique_ptr<scanner::scheduler> scheduler_;
};

}  // namespace sonde::daemon
