#pragma once

#include "base/async/condition.hpp"
#include "base/async/retry.hpp"
#include "base/async/stop_signal.hpp"
#include "base/async/task_group.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "model/webhook.hpp"
#include "model/webhook_guard.hpp"
#include "model/webhook_keys.hpp"
#include "queue/io.hpp"
#include "webhook/board.hpp"
#include "webhook/message_log.hpp"
#include "webhook/poster.hpp"
#include "webhook/retry_plan.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace sonde::webhook {

/// The group that takes messages from their topic.
inline constexpr const char* sender_group = "webhook";

/// Every address of a name, or why there is none. Runs on the sender's loop.
using name_look_up =
    std::function<awaitable<result<std::vector<model::ip_address>>>(std::string name)>;

/// Takes messages from `webhook.requests`, sends each until its receiver has it, and writes how far
/// it has come to `webhook.deliveries`.
///
/// A message's state is on its topic before its request is committed, so none is lost with the
/// process; the next owner of the partition goes on from there. At least once: a process that dies
/// between an answer and its record sends again, under the same id. A former owner that does not
/// know yet that it is one can do the same, and harms nobody. All of it lives on one loop.
class sender {
 public:
  sender(executor loop, queue::backend& queue, std::shared_ptr<const model::webhook_keys> keys,
         model::webhook_guard guard, retry_plan plan, poster& post, name_look_up look_up,
         const limits& limits, const clock& clock, logger& log, metrics& counts);
  ~sender();

  /// Called on the loop where messages cannot be read for a reason that does not pass. Before
  /// `start`.
  void when_failed(std::function<void(error)> tell) { failed_ = std::move(tell); }

  /// Other rules of where messages may go. On the loop.
  void set_guard(model::webhook_guard guard) { guard_ = std::move(guard); }
  /// Changes the pauses after later tries. On the loop.
  void set_plan(retry_plan plan) { plan_ = std::move(plan); }
  /// On the loop, or before it runs.
  void start();
  /// Begins nothing new. What is being sent gets until `deadline`, and a few seconds at most; then
  /// it is sent again after the next start. On the loop.
  awaitable<void> stop(steady_time deadline);

 private:
  using stored_records = std::vector<queue::stored_record>;
  struct arrivals;

  // The way in.
  awaitable<void> consume();
  awaitable<void> take_over(std::vector<queue::partition_ref> partitions);
  awaitable<void> give_back(queue::revoked gone);
  awaitable<result<>> read_open();
  awaitable<void> take_in(stored_records records);
  awaitable<void> take_one(queue::stored_record record, std::shared_ptr<arrivals> into);
  awaitable<bool> wait_for_room(std::string endpoint);
  [[nodiscard]] bool is_news(const queue::stored_record& record,
                             const model::delivery_id& id) const;
  awaitable<void> commit(stored_records records);

  // The way out.
  awaitable<void> dispatch();
  awaitable<void> attempt(open_delivery one);
  awaitable<result<model::webhook_message>> message_of(open_delivery one);
  awaitable<result<post_answer>> try_once(open_delivery one);
  awaitable<result<std::vector<model::ip_address>>> addresses_of(model::target host,
                                                                 steady_time deadline);
  awaitable<void> settle(open_delivery one, result<post_answer> how);
  awaitable<bool> publish(std::vector<record> batch);
  awaitable<result<queue::stored_record>> load(open_delivery one);
  awaitable<std::vector<record>> records_of(open_delivery one);
  void tell(const model::webhook_delivery& state, const std::string& result);
  void end(const model::webhook_delivery& state);
  void remember_end(const model::delivery_id& id, std::int64_t request);
  void show();

  executor loop_;
  queue::backend& queue_;
  std::shared_ptr<const model::webhook_keys> keys_;
  model::webhook_guard guard_;
  retry_plan plan_;
  poster& post_;
  name_look_up look_up_;
  const limits& limits_;
  const clock& clock_;
  logger& log_;
  metrics& counts_;
  gauge waiting_now_;
  timing try_time_;
  message_log messages_;
  board board_;
  std::unique_ptr<queue::consumer> consumer_;
  std::set<std::int32_t> owned_;
  /// The latest that have ended, with the offset of their request: who made them may make them
  /// again.
  std::unordered_map<model::delivery_id, std::int64_t> ended_;
  std::deque<model::delivery_id> ended_order_;
  condition news_;    ///< something may be due
  condition landed_;  ///< a try has ended
  task_group loops_;
  task_group tries_;
  task_group look_ups_;
  std::function<void(error)> failed_;
  stop_signal stop_;
};

}  // namespace sonde::webhook
