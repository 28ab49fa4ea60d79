#pragma once

#include "base/async/condition.hpp"
#include "base/async/stop_signal.hpp"
#include "model/scan/scan_task.hpp"
#include "queue/io.hpp"
#include "scanner/scheduler/scheduler_context.hpp"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>

namespace sonde::scanner {

/// The snapshots of the partitions that this process owns, and the only place that changes them.
///
/// A change is applied in memory first, without suspension. Publication always writes the whole
/// task, so two concurrent changes are both in the later snapshot. A task is held in memory while
/// it runs and until the view shows its last published snapshot; otherwise it is read from the
/// view. Lives on the scheduler's loop.
class task_ledger {
 public:
  explicit task_ledger(scheduler_context context);

  /// Starts ownership of a partition after its lease is taken. Nothing is published for other
  /// partitions.
  void own(std::int32_t partition, std::uint64_t epoch);
  void disown(std::int32_t partition);
  [[nodiscard]] bool owns(std::int32_t partition) const { return epochs_.contains(partition); }
  [[nodiscard]] std::vector<std::int32_t> owned() const;
  /// Returns a number that changes whenever the ownership of the partition ends.
  [[nodiscard]] std::uint64_t term_of(std::int32_t partition) const;

  /// Returns the task of a partition as it is now, if it exists. It stays in memory until
  /// `release`; every `load` needs one. When the partition is lost, the next `load` reads it again.
  awaitable<std::optional<model::scan_task>> load(model::target_key key, std::int32_t partition);
  void release(const model::target_key& key);
  /// Returns a loaded task, which must exist.
  [[nodiscard]] const model::scan_task& held(const model::target_key& key) const {
    return *held_.at(key).task;
  }

  /// Changes or creates a loaded task and returns the result, shortened to fit a record (see
  /// `model::fitted`). `publish` publishes the change.
  model::scan_task change(
      const model::target_key& key, std::int32_t partition,
      const std::function<model::scan_task(std::optional<model::scan_task>)>& how);

  /// Publishes these tasks as they are now. Retries transient errors until `give_up`. A task that
  /// can never be recorded is ended with the reason and does not delay others. Returns false after
  /// `give_up`, or if a partition is not owned any more.
  awaitable<bool> publish(std::vector<model::target_key> keys);
  /// Tells whether a loaded task, as it is now, has been published under the present lease.
  [[nodiscard]] bool is_recorded(const model::target_key& key) const;
  /// Returns the position of the last record that this process has published in a partition.
  [[nodiscard]] queue::position last_published(std::int32_t partition) const;
  /// Ends all retries from now on.
  void give_up() { abandoned_.request(); }

  /// Ends its own work. Call on the loop.
  void stop();
  /// Drops tasks whose snapshots the view shows. Runs until `stop`.
  awaitable<void> forget_what_is_seen();
  /// Tells whether a key's task has ended and has no next generation, possibly before the view
  /// shows it.
  [[nodiscard]] bool knows_as_ended(const model::target_key& key) const;
  /// Returns the position of the last snapshot in each partition that the view may not show yet.
  [[nodiscard]] std::vector<queue::position> unseen() const;

 private:
  class in_use;
  struct held_task {
    std::optional<model::scan_task> task;
    std::int32_t partition = 0;
    int users = 0;
    bool stale = false;            ///< another owner may have changed it since
    model::task_version recorded;  ///< of its last snapshot whose record was acknowledged
    std::optional<queue::position> published;  ///< last snapshot; not yet seen in the view
  };

  awaitable<result<>> publish_together(std::vector<model::target_key> keys);
  awaitable<result<>> publish_reduced(model::target_key key, error why);
  awaitable<result<>> write(std::vector<model::target_key> keys);
  void void_changes(const std::vector<model::target_key>& keys);
  void drop_if_unused(const model::target_key& key);
  void forget(const queue::position& place, const model::target_key& key);

  scheduler_context context_;
  std::map<std::int32_t, std::uint64_t> epochs_;  ///< by owned partition
  std::map<std::int32_t, std::uint64_t> terms_;   ///< number of ended ownerships
  std::unordered_map<model::target_key, held_task> held_;
  std::deque<std::pair<queue::position, model::target_key>> unseen_;
  std::map<std::int32_t, queue::position> last_published_;
  condition published_;
  stop_signal abandoned_;
  bool stopping_ = false;
};

}  // namespace sonde::scanner
