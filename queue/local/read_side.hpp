#pragma once

#include "base/async/condition.hpp"
#include "base/limits.hpp"
#include "queue/local/group_coordinator.hpp"
#include "queue/local/log_store.hpp"

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace sonde::queue::local {

/// Where a reader stands in each of its logs, and which one it read last.
struct log_cursor {
  std::map<log_index, std::int64_t> next;
  log_index last = 0;
};

/// Everything that readers and consumers of one queue share.
///
/// Lives on the reading loop, except for the bounds, which any thread may look up.
class read_side : public std::enable_shared_from_this<read_side> {
 public:
  read_side(executor loop, std::shared_ptr<const layout> layout, std::unique_ptr<log_reader> store,
            const limits& limits);

  /// Loads bounds and committed offsets. Before the loop runs.
  [[nodiscard]] result<> load();

  [[nodiscard]] const executor& loop() const { return loop_; }
  [[nodiscard]] const local::layout& layout() const { return *layout_; }

  /// From any thread.
  [[nodiscard]] log_bounds bounds(log_index log) const;
  /// From any thread: the logs have grown or shrunk to these bounds.
  void set_end(log_index log, std::int64_t end);
  /// The logs that have grown since they were looked at last.
  [[nodiscard]] result<std::vector<log_index>> reload_bounds();
  /// Wakes the waiting readers of these logs, and no others. On the reading loop.
  void announce(std::span<const log_index> grown);
  /// Wakes the waiting members of a group. On the reading loop.
  void announce_group(const std::string& name, const std::string& topic);
  /// Wakes every waiting reader. On the reading loop.
  void announce_all();
  /// Ends every reader and consumer. On the reading loop.
  void close();
  [[nodiscard]] bool closed() const { return closed_; }

  /// Waits until one of the cursor's logs grows, or, for a member of a group, until the group has
  /// news. `cursor` must stay as it is meanwhile. On the reading loop.
  awaitable<void> wait_for_change(const log_cursor& cursor,
                                  const group_coordinator* member_of = nullptr);
  [[nodiscard]] bool anyone_waiting() const { return !waiters_.empty(); }

  /// The next records at the cursor, without waiting; moves it on. Logs take turns.
  [[nodiscard]] result<std::vector<stored_record>> read(log_cursor& cursor);

  [[nodiscard]] group_coordinator& group(const std::string& name, const std::string& topic);
  void drop_group_if_empty(const std::string& name, const std::string& topic);
  [[nodiscard]] std::int64_t committed(const std::string& group, log_index log) const;
  void set_committed(const group_offset& offset);

 private:
  struct waiter {
    waiter(const executor& loop, const log_cursor& what, const group_coordinator* group)
        : cursor(what), member_of(group), woken(loop) {}

    const log_cursor& cursor;
    const group_coordinator* member_of;
    condition woken;
  };

  executor loop_;
  std::shared_ptr<const local::layout> layout_;
  std::unique_ptr<log_reader> store_;
  const limits limits_;
  std::list<waiter> waiters_;
  bool closed_ = false;
  std::map<std::pair<std::string, std::string>, group_coordinator> groups_;
  std::map<std::pair<std::string, log_index>, std::int64_t> committed_;

  mutable std::mutex bounds_mutex_;
  std::vector<log_bounds> bounds_;
};

}  // namespace sonde::queue::local
