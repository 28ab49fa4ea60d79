#pragma once

#include "base/async/asio.hpp"
#include "base/async/condition.hpp"
#include "base/log.hpp"
#include "base/result.hpp"

#include <functional>
#include <list>
#include <string>

namespace sonde {

/// The coroutines that one object has started and must wait for.
///
/// Lives on one loop, as do its members. Coroutines are only spawned through a group. An exception
/// that escapes a member is logged with the group's name. No member outlives `join`.
class task_group {
 public:
  /// `failed`, if set, is called on the loop with every exception that escapes a member. The member
  /// has ended by then, so the process may be unable to continue.
  task_group(executor loop, logger& log, std::string name,
             std::function<void(error)> failed = nullptr);
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;

  /// Starts `work`. Call on the group's loop, or before the loop runs.
  void spawn(awaitable<void> work);

  /// Cancels every member. Their pending operations complete as aborted.
  void cancel();

  /// Returns when no member is left. Members may spawn others until then.
  awaitable<void> join();

  [[nodiscard]] std::size_t size() const { return members_.size(); }
  [[nodiscard]] const executor& loop() const { return loop_; }

 private:
  void ended(std::list<asio::cancellation_signal>::iterator member, std::exception_ptr thrown);
  void tell(const std::string& what);

  executor loop_;
  logger& log_;
  std::string name_;
  std::function<void(error)> failed_;
  std::list<asio::cancellation_signal> members_;
  condition member_ended_;
  bool cancelled_ = false;
};

}  // namespace sonde
