#pragma once

#include "base/async/condition.hpp"
#include "base/async/stop_signal.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "model/scan_task.hpp"
#include "queue/io.hpp"
#include "views/task_view.hpp"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>

namespace sonde::scanner {

/// The snapshots of the partitions that this process owns, and the only way in which they change.
///
/// A change is made in memory first, without a pause, and what is then published is the whole
/// task: so two changes that cross each other both stand in the later snapshot. A task is held in
/// memory while it runs, and until the view shows what was published last; otherwise it is read
/// from the view. Lives on the scheduler's loop.
class task_ledger {
 public:
  task_ledger(executor loop, queue::backend& queue, views::task_view& view, const limits& limits,
              const clock& clock, logger& log);

  /// Ownership of a partition, from its claim on. Publishes nothing for any other.
  void own(std::int32_t partition, std::uint64_t epoch);
  void disown(std::int32_t partition);
  [[nodiscard]] bool owns(std::int32_t partition) const { return epochs_.contains(partition); }
  [[nodiscard]] std::vector<std::int32_t> owned() const;

  /// The task as it is now, if there is one. It stays in memory until `release`, which every
  /// `load` needs.
  awaitable<std::optional<model::scan_task>> load(model::target_key key);
  void release(const model::target_key& key);
  /// A task that is loaded, and there is one.
  [[nodiscard]] const model::scan_task& held(const model::target_key& key) const {
    return *held_.at(key).task;
  }

  /// Changes a loaded task, or makes one, and says what it has become, shortened so that it fits a
  /// record (see `model::fitted`). The change is published by `publish`.
  model::scan_task change(
      const model::target_key& key, std::int32_t partition,
      const std::function<model::scan_task(std::optional<model::scan_task>)>& how);

  /// Publishes these tasks as they are now. Transient errors are retried until `give_up`. A task
  /// that can never be recorded is ended, with the reason, and holds up no other. False: it was
  /// given up, or a partition is not ours any more.
  awaitable<bool> publish(std::vector<model::target_key> keys);
  /// Nothing is retried from now on.
  void give_up() { given_up_.request(); }

  /// Ends its own work. On the loop.
  void stop();
  /// Forgets what the view has caught up with, for as long as it runs.
  awaitable<void> forget_what_is_seen();
  /// Whether a key's task has ended, which the view may not show yet.
  [[nodiscard]] bool knows_as_ended(const model::target_key& key) const;
  /// Of each partition, the last snapshot that the view may not show yet.
  [[nodiscard]] std::vector<queue::position> unseen() const;

 private:
  class in_use;
  struct held_task {
    std::optional<model::scan_task> task;
    std::int32_t partition = 0;
    int users = 0;
    bool stale = false;                        ///< another owner may have changed it since
    std::optional<queue::position> published;  ///< last; not yet seen in the view
  };

  awaitable<result<>> publish_together(std::vector<model::target_key> keys);
  awaitable<result<>> publish_reduced(model::target_key key, error why);
  awaitable<result<>> write(std::vector<model::target_key> keys);
  void drop_if_unused(const model::target_key& key);
  void forget(const queue::position& place, const model::target_key& key);

  queue::backend& queue_;
  views::task_view& view_;
  const limits& limits_;
  const clock& clock_;
  logger& log_;
  executor loop_;
  std::map<std::int32_t, std::uint64_t> epochs_;  ///< of the partitions owned
  std::unordered_map<model::target_key, held_task> held_;
  std::deque<std::pair<queue::position, model::target_key>> unseen_;
  condition published_;
  stop_signal given_up_;
  bool stopping_ = false;
};

}  // namespace sonde::scanner
