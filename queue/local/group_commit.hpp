#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "queue/limits.hpp"
#include "queue/local/log_store.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace sonde::queue::local {

/// The parts of the process that a group commit uses. The references outlive it.
struct commit_context {
  executor loop;  ///< the writing loop
  const clock& time;
  const limits& bounds;
  logger& log;
};

/// Combines many small writes into few large transactions.
///
/// `write` may be called from any loop. Writes that arrive while a transaction is being made
/// durable go into the next transaction together. The disk is therefore never idle, and there is no
/// fsync per record. Only the writer's loop accesses the store.
class group_commit {
 public:
  /// Called on the writer's loop after each transaction, before the callers resume, with the
  /// appended records and their offsets.
  using committed_function =
      std::function<void(std::span<const log_append>, std::span<const std::int64_t>)>;

  group_commit(const commit_context& context, log_writer& store, committed_function committed);
  ~group_commit();

  /// Completes when everything is durable, and returns the offsets in the order of the records.
  /// Fails with `errc::busy` if too much is waiting already, and with `errc::too_large` if the
  /// write exceeds the limit alone.
  awaitable<result<std::vector<std::int64_t>>> write(std::vector<log_append> records,
                                                     std::vector<group_offset> commits);

  [[nodiscard]] result<> health() const;

  /// Returns `errc::no_space` while only urgent records are written. Callable from any thread.
  [[nodiscard]] result<> availability() const;
  /// Checks the free disk space. Called on the writer's loop.
  void look_at_room();

 private:
  struct pending_write;
  template <class Handler>
  struct pending_write_of;

  void enqueue(std::unique_ptr<pending_write> write);
  void flush();
  /// Refuses writes that are not urgent while there is no space for them.
  void keep_the_floor(std::vector<std::unique_ptr<pending_write>>& batch);
  void note_room(const result<>& room);
  /// Takes the writes of one transaction from the front of the queue.
  std::vector<std::unique_ptr<pending_write>> take_batch();
  /// Logs when writes start to fail and when they succeed again. Keeps an error that only a restart
  /// repairs.
  void note(const error& outcome);

  executor loop_;
  log_writer& store_;
  const clock& clock_;
  const limits limits_;
  logger& log_;
  committed_function committed_;

  std::atomic<std::size_t> pending_bytes_ = 0;
  std::vector<std::unique_ptr<pending_write>> pending_;  ///< used on the loop only
  bool flush_posted_ = false;
  error_code last_outcome_;

  mutable std::mutex failure_mutex_;
  error failure_;
  error no_room_;
};

}  // namespace sonde::queue::local
