#pragma once

#include "base/async/condition.hpp"
#include "queue/limits.hpp"
#include "queue/local/group_coordinator.hpp"
#include "queue/local/log_store.hpp"

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace sonde::queue::local {

/// The position of a reader in each of its logs, and the log that it read last.
struct log_cursor {
  std::map<log_index, std::int64_t> next;
  std::set<log_index> from_start;  ///< not read yet; their positions move with the start of the log
  log_index last = 0;

  /// Adds a log that is read from its start.
  void add_whole(log_index log, std::int64_t start) {
    next[log] = start;
    from_start.insert(log);
  }
  /// Sets the position in a log.
  void set(log_index log, std::int64_t offset) {
    next[log] = offset;
    from_start.erase(log);
  }
};

/// The state that all readers and consumers of one queue share.
///
/// Lives on the reading loop, except for the bounds, which any thread may read.
class read_side : public std::enable_shared_from_this<read_side> {
 public:
  read_side(executor loop, std::shared_ptr<const layout> layout, std::unique_ptr<log_reader> store,
            const limits& limits);

  /// Loads bounds and committed offsets. Called before the loop runs.
  [[nodiscard]] result<> load();

  [[nodiscard]] const executor& loop() const { return loop_; }
  [[nodiscard]] const local::layout& layout() const { return *layout_; }

  /// Returns the bounds of a log. Callable from any thread.
  [[nodiscard]] log_bounds bounds(log_index log) const;
  /// Sets the end of a log that has grown. Callable from any thread.
  void set_end(log_index log, std::int64_t end);
  /// Reloads all bounds and returns the logs that have grown since the last call.
  [[nodiscard]] result<std::vector<log_index>> reload_bounds();
  /// Wakes only the readers that wait for these logs. Called on the reading loop.
  void announce(std::span<const log_index> grown);
  /// Wakes the waiting members of a group. Called on the reading loop.
  void announce_group(const std::string& name, const std::string& topic);
  /// Wakes every waiting reader. Called on the reading loop.
  void announce_all();
  /// Ends every reader and consumer. Called on the reading loop.
  void close();
  [[nodiscard]] bool closed() const { return closed_; }

  /// Waits until one of the cursor's logs grows or, for a group member, until the group changes.
  /// `cursor` must not change meanwhile. Called on the reading loop.
  awaitable<void> wait_for_change(const log_cursor& cursor,
                                  const group_coordinator* member_of = nullptr);
  [[nodiscard]] bool anyone_waiting() const { return !waiters_.empty(); }

  /// Returns the next records at the cursor without waiting, and advances the cursor. Logs take
  /// turns.
  [[nodiscard]] result<std::vector<stored_record>> read(log_cursor& cursor);

  [[nodiscard]] group_coordinator& group(const std::string& name, const std::string& topic);
  void drop_group_if_empty(const std::string& name, const std::string& topic);
  [[nodiscard]] std::int64_t committed(const std::string& group, log_index log) const;
  /// Adds to a cursor the log at the committed offset of a group, or the whole log if it has none.
  void add_committed(log_cursor& cursor, const std::string& group, log_index log) const;
  void set_committed(const group_offset& offset);

 private:
  /// Reads a log at the cursor. If the log is read from its start and the start has moved since the
  /// bounds were loaded, reads from the new start.
  [[nodiscard]] result<std::vector<stored_record>> read_log(log_cursor& cursor, log_index log);

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
