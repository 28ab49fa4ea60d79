#pragma once

#include "base/async/condition.hpp"
#include "base/async/event_loop.hpp"
#include "model/scan/scan_request.hpp"
#include "model/scan/scan_task.hpp"
#include "queue/errc.hpp"
#include "queue/forwarding_backend.hpp"
#include "scanner/policy.hpp"
#include "scanner/scheduler/scheduler_context.hpp"
#include "tests/scanner/waiting_row_counter.hpp"
#include "tests/support/limits.hpp"
#include "tests/support/run.hpp"
#include "views/task_view.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sonde::test {

/// A queue in memory that records the accepted records in order and refuses the ones that a test
/// selects. For use on the loop of the test.
class watched_queue final : public queue::forwarding_backend {
 public:
  watched_queue(std::unique_ptr<backend> inner, executor loop)
      : forwarding_backend(std::move(inner)), news(std::move(loop)) {}

  /// The records accepted so far.
  std::vector<record> accepted;
  /// Notified after each accepted batch.
  condition news;
  /// If set, refuses every batch for which it returns true.
  std::function<bool(const std::vector<record>&)> refuses;
  queue::errc refusal = queue::errc::busy;
  /// If set, a batch that is stored is acknowledged after it returns.
  std::function<awaitable<void>(const std::vector<record>&)> before_acknowledgement;

  awaitable<result<std::vector<queue::position>>> produce(std::vector<record> batch) override;
  awaitable<result<queue::position>> produce_to(std::int32_t partition, record one) override;

 private:
  void note(const std::vector<record>& batch);
};

/// The topics of the scanner on a queue in memory, and the task view on a separate loop.
class task_world {
 public:
  explicit task_world(std::int32_t partitions = 1);
  ~task_world();
  task_world(const task_world&) = delete;
  task_world& operator=(const task_world&) = delete;

  /// Runs a test on a loop that outlives the view's thread.
  void run(awaitable<void> work) { run_on(loop_, std::move(work)); }

  [[nodiscard]] watched_queue& queue() { return *queue_; }
  [[nodiscard]] views::task_view& view() { return *view_; }
  /// The number of rows of waiting tasks that the view has read, over all calls.
  [[nodiscard]] std::size_t waiting_rows() const { return counter_.rows(); }
  [[nodiscard]] const clock& time() const { return time_; }
  [[nodiscard]] logger& log() { return log_; }
  [[nodiscard]] limits& bounds() { return bounds_; }
  [[nodiscard]] metrics& counts() { return counts_; }
  /// The parts that a scheduler on this loop uses.
  [[nodiscard]] scanner::scheduler_context context(executor loop) {
    return {std::move(loop), *queue_, *view_, bounds_, bounds_, time_, log_, counts_};
  }
  [[nodiscard]] steady_time in(int ms) const {
    return time_.steady_now() + std::chrono::milliseconds(ms);
  }

  /// Appends one record and returns its position.
  awaitable<queue::position> put(record one);
  awaitable<queue::position> put(model::scan_request request);
  awaitable<queue::position> put(model::scan_task snapshot);
  awaitable<queue::position> put_lease(std::string owner, std::int32_t partition = 0);
  /// The task as the view shows it after all written records.
  awaitable<std::optional<model::scan_task>> shown(model::target_key key);
  /// Waits until `is_so` holds for the task and returns it; looks again after each record. Fails
  /// the test after twenty seconds without a record.
  awaitable<model::scan_task> once(model::target_key key,
                                   std::function<bool(const model::scan_task&)> is_so);
  /// All records of a topic.
  awaitable<std::vector<queue::stored_record>> all_of(std::string topic);

 private:
  asio::io_context loop_{1};
  limits bounds_;
  system_clock time_;
  logger log_{log_level::error};
  metrics counts_;
  std::unique_ptr<watched_queue> queue_;
  std::unique_ptr<event_loop> view_loop_;
  waiting_row_counter counter_;
  std::unique_ptr<views::task_view> view_;
};

/// A request to scan these ports of a target.
[[nodiscard]] model::scan_request scan_of(const std::string& target, const std::string& ports,
                                          model::group_list visibility = {"public"},
                                          std::uint64_t generation = 1);
/// The task that a scheduler creates from the request at this offset.
[[nodiscard]] model::scan_task task_of(const model::scan_request& request, std::int64_t offset = 0);

/// Writes a snapshot of a new task as an owner with epoch 3 would leave it, and waits until the
/// view has it.
awaitable<model::scan_task> left_by_former_owner(task_world& world,
                                                 const model::scan_request& request);

/// The policy of a test: loopback and the networks of namespaces are in scope.
[[nodiscard]] std::shared_ptr<const scanner::policy> test_rules(std::vector<std::string> deny = {});

/// Returns true if a task has ended.
[[nodiscard]] bool has_ended(const model::scan_task& task);
/// The state and outcome as text: `done complete`, `failed nxdomain`, `running`.
[[nodiscard]] std::string state_of(const model::scan_task& task);
/// The snapshots of a task from the n-th record on, in the order of writing.
[[nodiscard]] std::vector<model::scan_task> snapshots_of(task_world& world,
                                                         const model::target_key& key,
                                                         std::size_t from = 0);

}  // namespace sonde::test
