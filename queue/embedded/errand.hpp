#pragma once

#include "base/async/asio.hpp"

#include <chrono>
#include <functional>
#include <future>
#include <optional>
#include <utility>

namespace sonde::queue::embedded {

/// Work for the thread beside the writer's, one piece at a time, whose outcome the writer fetches
/// when it comes by: it never waits for it, unless it says so.
///
/// All calls come from the writer's thread.
template <class T>
class errand {
 public:
  /// `there` runs the work, on a thread that lives longer than this.
  explicit errand(executor there) : there_(std::move(there)) {}
  /// Waits for what is under way.
  ~errand() {
    if (outcome_.valid()) outcome_.wait();
  }
  errand(const errand&) = delete;
  errand& operator=(const errand&) = delete;

  /// Only while nothing is under way, that is after `fetch` gave the outcome of the last piece.
  void begin(std::function<T()> work) {
    std::packaged_task<T()> task(std::move(work));
    outcome_ = task.get_future();
    // In a handler of its own: Asio would ask a packaged task for its future once more.
    auto run = [task = std::move(task)]() mutable { task(); };
    asio::post(there_, std::move(run));
  }
  [[nodiscard]] bool under_way() const { return outcome_.valid(); }
  /// The outcome, once it is there; throws what the work threw.
  [[nodiscard]] std::optional<T> fetch() {
    auto now = std::chrono::seconds(0);
    if (!under_way() || outcome_.wait_for(now) != std::future_status::ready) return std::nullopt;
    return outcome_.get();
  }
  /// Returns once the work has ended.
  void wait() const { outcome_.wait(); }

 private:
  executor there_;
  std::future<T> outcome_;
};

}  // namespace sonde::queue::embedded
