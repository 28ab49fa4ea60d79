#pragma once

#include "base/async/condition.hpp"
#include "base/async/stop_signal.hpp"
#include "base/async/task_group.hpp"
#include "model/webhook/webhook_delivery.hpp"
#include "queue/consume.hpp"
#include "queue/io.hpp"
#include "webhook/attempt_runner.hpp"
#include "webhook/context.hpp"
#include "webhook/delivery_table.hpp"
#include "webhook/message_log.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace sonde::webhook {

/// The consumer group that reads messages from their topic.
inline constexpr const char* dispatcher_group = "webhook";

/// The dispatcher: reads messages from `webhook.requests`, sends each one until its receiver
/// accepts it, and writes its state to `webhook.deliveries`.
///
/// The decisions are those of `delivery_table`; this class does the I/O. A message's state is on
/// its topic before its request is committed, so a crash loses no message; the next owner of the
/// partition continues from there. Delivery is at least once: a process that dies between a
/// response and its record sends again, under the same id. A former owner that does not know yet
/// that it lost the partition can do the same, which is harmless. Lives on one loop.
class dispatcher {
 public:
  dispatcher(const context& around, receiver_access access, retry_plan plan);
  ~dispatcher();
  dispatcher(const dispatcher&) = delete;
  dispatcher& operator=(const dispatcher&) = delete;

  /// Sets a function that is called on the loop after a permanent error in reading messages. Call
  /// before `start`.
  void when_failed(std::function<void(error)> tell) { failed_ = std::move(tell); }

  /// Changes the rules for allowed receivers. Call on the loop.
  void set_guard(model::webhook_guard guard) { attempts_.set_guard(std::move(guard)); }
  /// Changes the pauses after later attempts. Call on the loop.
  void set_plan(retry_plan plan) { table_.set_plan(std::move(plan)); }
  /// Starts the dispatcher. Call on the loop, or before it runs.
  void start();
  /// Starts no new attempt. Running attempts get until `deadline`, and a few seconds at most; an
  /// unfinished one is made again after the next start. Call on the loop.
  awaitable<void> stop(steady_time deadline);

 private:
  using stored_records = std::vector<queue::stored_record>;
  struct arrivals;

  // Intake.
  awaitable<void> consume();
  awaitable<void> take_over(std::vector<queue::partition_ref> partitions);
  awaitable<void> give_back(queue::revoked gone);
  awaitable<result<>> replay(std::set<std::int32_t> partitions);
  awaitable<void> take_in(stored_records records);
  awaitable<void> take_one(queue::stored_record record, std::shared_ptr<arrivals> into);
  awaitable<bool> wait_until_new(model::delivery_id id, std::int64_t request,
                                 message_origin origin);
  awaitable<room> wait_for_room(std::string endpoint);
  awaitable<void> commit(stored_records records);

  // Attempts.
  awaitable<void> dispatch();
  awaitable<void> attempt(model::delivery_id id, attempt_source source);
  awaitable<void> settle(model::delivery_id id, attempt_outcome outcome);
  awaitable<std::vector<record>> records_of(delivery_step step);

  awaitable<bool> publish(std::vector<record> batch);
  void count_end(const delivery_step& step);
  void report(const model::webhook_delivery& state, const attempt_outcome& outcome);
  void show();

  const limits& bounds_;
  const queue::limits& queue_bounds_;
  const clock& time_;
  logger& log_;
  metrics& counts_;
  queue::backend& queue_;
  gauge waiting_now_;
  timing try_time_;
  stop_signal stop_;
  message_log messages_;
  attempt_runner attempts_;
  delivery_table table_;
  std::unique_ptr<queue::consumer> consumer_;
  condition news_;    ///< something may be due
  condition landed_;  ///< an attempt has ended
  task_group loops_;
  task_group tries_;
  std::function<void(error)> failed_;
};

}  // namespace sonde::webhook
