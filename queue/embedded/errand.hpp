#pragma once

#include "base/async/asio.hpp"

#include <chrono>
#include <functional>
#include <future>
#include <optional>
#include <utility>

namespace sonde::queue::embedded {

/// Runs one task at a time on another thread. The writer polls for the result with `fetch`; only
/// `wait` and the destructor block.
///
/// All calls come from the writer's thread. A task cannot be cancelled.
template <class T>
class errand {
 public:
  /// Uses `there` to run the tasks; its thread outlives this object.
  explicit errand(executor there) : there_(std::move(there)) {}
  /// Waits for a running task.
  ~errand() {
    if (outcome_.valid()) outcome_.wait();
  }
  errand(const errand&) = delete;
  errand& operator=(const errand&) = delete;

  /// Starts a task. Requires that no task is running and that `fetch` has returned the result of
  /// the previous one.
  void begin(std::function<T()> work) {
    std::packaged_task<T()> task(std::move(work));
    outcome_ = task.get_future();
    // Wrapped because Asio calls get_future() on a posted packaged_task, and it was called above.
    auto run = [task = std::move(task)]() mutable { task(); };
    asio::post(there_, std::move(run));
  }
  [[nodiscard]] bool under_way() const { return outcome_.valid(); }
  /// Returns the result of a finished task once, nothing otherwise. Rethrows the task's exception.
  [[nodiscard]] std::optional<T> fetch() {
    auto now = std::chrono::seconds(0);
    if (!under_way() || outcome_.wait_for(now) != std::future_status::ready) return std::nullopt;
    return outcome_.get();
  }
  /// Blocks until the task has finished.
  void wait() const { outcome_.wait(); }

 private:
  executor there_;
  std::future<T> outcome_;
};

}  // namespace sonde::queue::embedded
