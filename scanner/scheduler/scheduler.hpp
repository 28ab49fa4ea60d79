#pragma once

#include "base/async/stop_signal.hpp"
#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "model/profile.hpp"
#include "queue/io.hpp"
#include "scanner/engine/engine_pool.hpp"
#include "scanner/scheduler/claims.hpp"
#include "scanner/scheduler/findings_publisher.hpp"
#include "scanner/scheduler/known_ports.hpp"
#include "scanner/scheduler/ready_queue.hpp"
#include "scanner/scheduler/task_ledger.hpp"
#include "scanner/scheduler/task_run.hpp"
#include "views/task_view.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace sonde::scanner {

/// The group that takes scan requests from their topic.
inline constexpr const char* scanner_group = "scanner";

struct scheduler_settings {
  std::string process_id;  ///< different at each start
  std::size_t addresses_per_name = 8;
  /// How long the group may take to say that a partition is not ours any more which another process
  /// has claimed. A ghost learns within this time that it is one.
  std::chrono::milliseconds claim_patience = std::chrono::seconds(5);
  /// Called on the scheduler's loop where it cannot go on, as when its topic cannot be read for a
  /// reason that does not pass. The process should end.
  std::function<void(error)> failed = nullptr;
};

/// Takes scan requests from their topic, decides what runs when, and publishes what became of it.
///
/// Of each partition it owns it is the only writer of tasks: it claims the partition, and from then
/// on folds requests in order, publishes each task's snapshot, and only then commits the request.
/// Tasks that a former owner left unfinished run again. All of it lives on one loop; probes run on
/// the engines' loops. scheduler.cpp is the way in, ownership.cpp decides whose a partition is,
/// dispatch.cpp has the runs and the way out, hand_over.cpp the webhooks.
class scheduler {
 public:
  scheduler(executor loop, queue::backend& queue, views::task_view& view, engine_pool& engines,
            std::shared_ptr<const policy> rules, model::profile_book profiles,
            const scheduler_settings& settings, const limits& limits, const clock& clock,
            logger& log, metrics& counts);
  ~scheduler();

  /// On the loop, or before it runs.
  void start();
  /// Takes nothing new; what runs may end until `deadline`, then it is put back. On the loop.
  awaitable<void> stop(steady_time deadline);
  /// From any loop.
  void set_policy(std::shared_ptr<const policy> rules);

 private:
  struct running_task {
    model::task_id id;
    std::int32_t partition = 0;
    std::string scope;  ///< whose turn it was
    bool cancelled = false;
    std::shared_ptr<findings_publisher> found;
    std::optional<run_progress> news;  ///< not yet published
    steady_time saved_at{};            ///< when its cursors were last published
  };
  using change_function = std::function<model::scan_task(model::scan_task)>;
  using findings_pointer = std::shared_ptr<findings_publisher>;
  using stored_records = std::vector<queue::stored_record>;
  /// Of a partition that the group has given to this process, and that another one has claimed
  /// since.
  struct dispute {
    steady_time since{};
    stored_records held_back;  ///< requests that came meanwhile
  };

  // The way in.
  awaitable<void> consume();
  awaitable<void> fold(stored_records records);
  awaitable<void> fold_given(std::int32_t partition, std::shared_ptr<const stored_records> records);
  awaitable<bool> fold_partition(std::int32_t partition,
                                 std::shared_ptr<const stored_records> records);
  awaitable<void> commit(std::shared_ptr<const stored_records> records);
  awaitable<std::optional<model::scan_request>> refused_request(queue::stored_record one,
                                                                std::string why);
  awaitable<bool> dead_letter(queue::stored_record record, std::string stage, std::string why);
  void enqueue(const model::scan_task& task, std::int32_t partition);
  void make_ready(views::waiting_task task);

  // Whose a partition is.
  awaitable<void> take_over(std::vector<queue::partition_ref> partitions);
  awaitable<void> claim(std::int32_t partition);
  awaitable<void> give_back(queue::revoked what);
  awaitable<void> lose(std::int32_t partition);
  awaitable<void> let_go(std::vector<std::int32_t> partitions);
  awaitable<void> hold_back(std::int32_t partition, std::shared_ptr<const stored_records> records);
  awaitable<void> settle_disputes();
  awaitable<void> settle(std::int32_t partition);
  void dispute_over(std::int32_t partition);
  void look_around();
  awaitable<void> write_again(std::int32_t partition, model::target_key key);

  // Runs.
  awaitable<void> dispatch();
  awaitable<bool> refill();
  awaitable<std::vector<std::string>> scopes_in_turn(std::vector<std::int32_t> partitions,
                                                     std::size_t most);
  awaitable<void> run(model::target_key key, std::int32_t partition);
  awaitable<void> run_owned(model::target_key key, std::int32_t partition);
  void cancel_run(running_task& task);
  awaitable<bool> begin(model::target_key key, std::int32_t partition);
  [[nodiscard]] findings_pointer publisher_for(const model::scan_task& task,
                                               std::int32_t partition);
  awaitable<void> end(model::target_key key, std::int32_t partition, findings_pointer found,
                      run_result reached);
  awaitable<void> end_cancelled(model::target_key key, std::int32_t partition,
                                findings_pointer found, run_result reached);
  void heed(const model::scan_task& task);
  awaitable<void> fail_task(model::target_key key, std::int32_t partition, std::string why);
  awaitable<void> put_back(model::target_key key, std::int32_t partition, run_progress reached);
  awaitable<void> publish_end(model::target_key key, std::int32_t partition, change_function how);
  void note_end(const model::scan_task& task);
  awaitable<bool> publish_change(model::target_key key, std::int32_t partition,
                                 change_function how);
  void note_progress(const model::target_key& key, const run_progress& reached);
  awaitable<void> publish_progress();
  awaitable<void> publish_progress_once();

  // Messages for webhooks.
  void note_owing(const model::scan_task& task, std::int32_t partition);
  awaitable<void> hand_over();
  awaitable<void> find_owing();
  awaitable<void> hand_over_some(std::shared_ptr<const std::vector<views::owing_task>> tasks);

  executor loop_;
  queue::backend& queue_;
  views::task_view& view_;
  engine_pool& engines_;
  std::shared_ptr<const policy> rules_;
  model::profile_book profiles_;
  scheduler_settings settings_;
  const limits& limits_;
  const clock& clock_;
  logger& log_;
  metrics& counts_;
  counter started_;
  counter retried_;
  gauge running_now_;
  task_ledger ledger_;
  claims claims_;
  std::unique_ptr<queue::consumer> consumer_;

  std::set<std::int32_t> given_;  ///< by the group
  std::map<std::int32_t, dispute> disputes_;
  condition disputed_;
  condition settled_;
  ready_queue ready_;
  std::unordered_map<model::target_key, running_task> running_;
  bool backlog_ = false;      ///< the view may show waiting tasks that are not in `ready_`
  std::string refill_after_;  ///< the last scope of a refill that had no room for all
  condition work_;            ///< something can be dispatched
  condition run_ended_;
  condition progress_news_;
  std::unordered_map<model::target_key, std::int32_t> owing_;  ///< key → partition
  bool owing_unknown_ = false;  ///< the view may show tasks that are not in `owing_`
  condition owing_news_;
  known_ports ports_;
  task_group loops_;
  task_group claiming_;
  task_group runs_;
  stop_signal stop_;
};

}  // namespace sonde::scanner
