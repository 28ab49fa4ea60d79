#pragma once

#include "base/async/condition.hpp"
#include "base/async/stop_signal.hpp"
#include "model/scan/scan_task.hpp"
#include "scanner/scheduler/scheduler_context.hpp"
#include "scanner/scheduler/task_ledger.hpp"

#include <memory>
#include <unordered_map>
#include <vector>

namespace sonde::scanner {

/// Publishes the outbox of webhook messages: from the snapshots to the dispatchers' topic.
///
/// The snapshot with `pending` is on its topic before its messages are published, so the next owner
/// of the partition publishes the rest. Publishing twice gives the same messages. Lives on the
/// scheduler's loop.
class webhook_outbox {
 public:
  webhook_outbox(scheduler_context context, task_ledger& ledger);

  /// Adds a task that has just been published, if its snapshot has an outbox.
  void note(const model::scan_task& task, std::int32_t partition);
  /// Reports that the view may show outboxes of former owners.
  void look_around();
  /// Publishes until `stop`.
  awaitable<void> publish();
  void stop();

 private:
  using shared_tasks = std::shared_ptr<const std::vector<views::outbox_task>>;
  struct loaded_tasks {
    std::vector<views::outbox_task> tasks;
    std::vector<model::delivery_id> messages;
    std::vector<record> batch;
  };

  awaitable<void> find_unpublished();
  awaitable<void> publish_some(shared_tasks tasks);
  awaitable<loaded_tasks> load(shared_tasks tasks);

  scheduler_context context_;
  task_ledger& ledger_;
  std::unordered_map<model::target_key, std::int32_t> unpublished_;  ///< partition by key
  bool view_has_more_ = false;  ///< the view may contain tasks that are not in `unpublished_`
  condition news_;
  stop_signal stop_;
};

}  // namespace sonde::scanner
