#pragma once

#include "base/async/event_loop.hpp"
#include "model/scan_request.hpp"
#include "model/scan_task.hpp"
#include "queue/errc.hpp"
#include "queue/forwarding_backend.hpp"
#include "tests/scanner/counted_view.hpp"
#include "tests/support/run.hpp"
#include "views/task_view.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sonde::test {

/// A queue in memory that notes what goes in, in order, and refuses what a test wants refused. For
/// use on the test's loop.
class watched_queue final : public queue::forwarding_backend {
 public:
  using forwarding_backend::forwarding_backend;

  /// What was accepted so far.
  std::vector<record> accepted;
  /// Refuses a batch, while it is set and returns true.
  std::function<bool(const std::vector<record>&)> refuses;
  queue::errc refusal = queue::errc::busy;

  awaitable<result<std::vector<queue::position>>> produce(std::vector<record> batch) override;
  awaitable<result<queue::position>> produce_to(std::int32_t partition, record one) override;
};

/// The topics of the scanner on a queue in memory, and the view of tasks on a loop of its own.
class task_world {
 public:
  explicit task_world(std::int32_t partitions = 1);
  ~task_world();
  task_world(const task_world&) = delete;
  task_world& operator=(const task_world&) = delete;

  /// Runs a test, on a loop that outlives the view's thread.
  void run(awaitable<void> work) { run_on(loop_, std::move(work)); }

  [[nodiscard]] watched_queue& queue() { return *queue_; }
  [[nodiscard]] counted_view& view() { return *view_; }
  [[nodiscard]] const clock& time() const { return time_; }
  [[nodiscard]] logger& log() { return log_; }
  [[nodiscard]] limits& bounds() { return bounds_; }
  [[nodiscard]] steady_time in(int ms) const {
    return time_.steady_now() + std::chrono::milliseconds(ms);
  }

  /// Appends one record, and says where it stands.
  awaitable<queue::position> put(record one);
  awaitable<queue::position> put(model::scan_request request);
  awaitable<queue::position> put(model::scan_task snapshot);
  awaitable<queue::position> put_claim(std::string owner, std::int32_t partition = 0);
  /// The task as the view shows it, after all that has been written.
  awaitable<std::optional<model::scan_task>> shown(model::target_key key);
  /// The task, once `is_so` holds for it. Fails the test where that takes too long.
  awaitable<model::scan_task> once(model::target_key key,
                                   std::function<bool(const model::scan_task&)> is_so);
  /// Everything that stands on a topic.
  awaitable<std::vector<queue::stored_record>> all_of(std::string topic);

 private:
  asio::io_context loop_{1};
  limits bounds_;
  system_clock time_;
  logger log_{log_level::error};
  std::unique_ptr<watched_queue> queue_;
  std::unique_ptr<event_loop> view_loop_;
  std::unique_ptr<counted_view> view_;
};

/// A request to scan these ports of a target.
[[nodiscard]] model::scan_request scan_of(const std::string& target, const std::string& ports,
                                          model::group_list scope = {"public"},
                                          std::uint64_t generation = 1);
/// What a scheduler makes of the request at this offset.
[[nodiscard]] model::scan_task task_of(const model::scan_request& request, std::int64_t offset = 0);

}  // namespace sonde::test
