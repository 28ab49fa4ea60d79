#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace sonde::views {

/// Readers that wait for a change of one task each. Internal to this folder.
///
/// A change wakes only the readers of its task, a few at a time, so that other work of the loop
/// runs in between. Lives on one loop.
class task_watch {
 public:
  explicit task_watch(executor loop) : loop_(std::move(loop)) {}

  /// Returns true once the task with this key was announced as changed; false at the deadline, or
  /// after `end`.
  awaitable<bool> wait_until(std::string key, steady_time deadline);
  void announce(const std::vector<std::string>& keys);
  /// Ends all waits, and later ones at once.
  void end();

 private:
  struct waiter {
    asio::steady_timer timer;
    bool announced = false;
  };
  using waiter_ptr = std::shared_ptr<waiter>;

  void wake();

  executor loop_;
  std::unordered_map<std::string, std::unordered_set<waiter_ptr>> waiters_;  ///< by key
  std::deque<waiter_ptr> due_;                                               ///< to be woken
  bool waking_ = false;                                                      ///< `wake` is posted
  bool ended_ = false;
};

}  // namespace sonde::views
