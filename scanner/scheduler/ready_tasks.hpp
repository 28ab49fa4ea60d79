#pragma once

#include "model/scan/profile.hpp"
#include "scanner/scheduler/ready_queue.hpp"
#include "scanner/scheduler/scheduler_context.hpp"
#include "scanner/scheduler/task_ledger.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sonde::scanner {

/// The tasks that are not running: a ready queue in memory, refilled from the rows of the view.
///
/// Lives on the scheduler's loop.
class ready_tasks {
 public:
  /// The running tasks, as the dispatcher knows them.
  struct running_tasks {
    std::map<std::string, std::size_t> by_visibility;  ///< numbers
    /// Tells whether a task runs at the time of the call.
    std::function<bool(const model::target_key&)> contains;
  };

  ready_tasks(scheduler_context context, task_ledger& ledger, model::profile_book profiles);

  /// Adds a queued task that has just been published if there is room. Otherwise it stays a row in
  /// the view and is found there. Returns true if it can be taken.
  bool add(const model::scan_task& task, std::int32_t partition);
  [[nodiscard]] std::optional<views::waiting_task> take() { return ready_.take(); }
  /// Removes the ready tasks of the partitions, and adds no task of the partitions until `resume`.
  void suspend(const std::vector<std::int32_t>& partitions);
  void resume(std::int32_t partition) { suspended_.erase(partition); }
  [[nodiscard]] bool is_suspended(std::int32_t partition) const {
    return suspended_.contains(partition);
  }
  [[nodiscard]] bool empty() const { return ready_.size() == 0; }

  /// Reports that the view may contain waiting tasks that are not in memory.
  void look_around() { view_has_more_ = true; }
  /// Tells whether `refill` may find tasks that could run soon.
  [[nodiscard]] bool is_low() const;
  /// Reads waiting tasks from the view: as many as there is room for, the same share of each
  /// tenant. If there are more tenants than room, the next call continues after the last one.
  /// Returns true if there is a new reason to look again, such as another partition.
  awaitable<bool> refill(running_tasks running);

 private:
  [[nodiscard]] std::vector<std::int32_t> open_partitions() const;
  void make_ready(views::waiting_task task);
  awaitable<std::vector<std::string>> tenants_in_turn(std::vector<std::int32_t> partitions,
                                                      std::size_t most);

  scheduler_context context_;
  task_ledger& ledger_;
  model::profile_book profiles_;
  ready_queue ready_;
  std::set<std::int32_t> suspended_;  ///< partitions
  bool view_has_more_ = false;
  std::string refill_after_;  ///< the last tenant of a refill that had no room for all
};

}  // namespace sonde::scanner
