#pragma once

#include "base/async/event_loop.hpp"
#include "daemon/roles/queue_role.hpp"
#include "daemon/roles/role.hpp"
#include "views/entity_view.hpp"
#include "views/idempotency_view.hpp"
#include "views/task_view.hpp"

#include <array>
#include <utility>
#include <vector>

namespace sonde::daemon {

/// Views of the topics that the roles of a process need, and their threads.
class views_role final : public role {
 public:
  views_role(const role_context& context, queue_role& queue);

  [[nodiscard]] views::task_view& tasks() { return *tasks_; }
  /// Returns the view of entities; null in a process that serves no facts.
  [[nodiscard]] views::entity_view* entities() { return entities_.get(); }
  /// Returns the view of cached responses; null without HTTP callers that ingest.
  [[nodiscard]] views::idempotency_view* cached_responses() { return cached_responses_.get(); }
  /// Returns the threads that must make progress, by name.
  [[nodiscard]] std::vector<std::pair<std::string, executor>> threads();

 private:
  result<> start_parts() override;
  void stop_parts() override;
  [[nodiscard]] result<> open_tasks();
  [[nodiscard]] result<> open_entities();
  [[nodiscard]] result<> open_cached_responses();
  void start_loops();
  [[nodiscard]] std::optional<std::filesystem::path> file(const char* name) const;

  queue_role& queue_;
  event_loop task_loop_{"view-tasks"};
  event_loop entity_loop_{"view-entities"};
  std::array<event_loop, 2> entity_read_loops_{event_loop("read-0"), event_loop("read-1")};
  std::unique_ptr<views::task_view> tasks_;
  std::unique_ptr<views::entity_view> entities_;
  std::unique_ptr<views::idempotency_view> cached_responses_;  ///< on the loop of entities
};

}  // namespace sonde::daemon
