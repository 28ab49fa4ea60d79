#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "queue/local/log_store.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace sonde::queue::local {

/// Turns many small writes into few large transactions.
///
/// `write` may be called from any loop. What comes in while a transaction is being made durable
/// goes into the next one together, so the disk is never idle and never asked once per record.
/// The store is touched on the writer's loop only.
class group_commit {
 public:
  /// Called on the writer's loop after each transaction, before anyone is told: what was appended,
  /// and at which offsets.
  using committed_function =
      std::function<void(std::span<const log_append>, std::span<const std::int64_t>)>;

  group_commit(executor loop, log_writer& store, const clock& clock, const limits& limits,
               logger& log, committed_function committed);
  ~group_commit();

  /// Completes when everything is durable; offsets in the order of the records.
  /// `errc::busy` where too much is waiting already; `too_large` where it would be too much alone.
  awaitable<result<std::vector<std::int64_t>>> write(std::vector<log_append> records,
                                                     std::vector<group_offset> commits);

  [[nodiscard]] result<> health() const;

  /// `errc::no_space` while only urgent records are written. From any thread.
  [[nodiscard]] result<> availability() const;
  /// Looks how much room there is. On the writer's loop.
  void look_at_room();

 private:
  struct pending_write;
  template <class Handler>
  struct pending_write_of;

  void enqueue(std::unique_ptr<pending_write> write);
  void flush();
  /// Refuses what is not urgent while there is no room for it.
  void keep_the_floor(std::vector<std::unique_ptr<pending_write>>& batch);
  void note_room(const result<>& room);
  /// One transaction from the front of the line.
  std::vector<std::unique_ptr<pending_write>> take_batch();
  /// Logs a change from well to unwell and back; a failure that only a restart mends stays.
  void note(const error& outcome);

  executor loop_;
  log_writer& store_;
  const clock& clock_;
  const limits limits_;
  logger& log_;
  committed_function committed_;

  std::atomic<std::size_t> pending_bytes_ = 0;
  std::vector<std::unique_ptr<pending_write>> pending_;  ///< touched on the loop only
  bool flush_posted_ = false;
  error_code last_outcome_;

  mutable std::mutex failure_mutex_;
  error failure_;
  error no_room_;
};

}  // namespace sonde::queue::local
