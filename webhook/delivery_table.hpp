#pragma once

#include "base/clock.hpp"
#include "webhook/delivery.hpp"
#include "webhook/delivery_history.hpp"
#include "webhook/delivery_queue.hpp"
#include "webhook/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace sonde::webhook {

/// The action that a delivery requests, with its state after the event.
struct delivery_step {
  delivery_action action = delivery_action::none;
  model::webhook_delivery state;
  std::int32_t partition = 0;
};

/// All open deliveries of this process, and the partitions that it owns.
///
/// Passes events to the state machine of each delivery (`delivery`) and moves the delivery as its
/// action requires: between intake, the delivery queue, and the attempts in progress. A caller that
/// gets `record` or `give_up` writes the state and then calls `recorded` or `not_recorded`. Pure:
/// the dispatcher does the I/O.
class delivery_table {
 public:
  delivery_table(delivery_rules rules, const limits& bounds)
      : rules_(std::move(rules)), queue_(bounds) {}

  /// Changes the pauses after later attempts.
  void set_plan(retry_plan plan) { rules_.plan = std::move(plan); }

  // Partitions.

  /// Removes partitions. Drops their waiting messages; an attempt in progress goes on.
  void revoke(const std::set<std::int32_t>& partitions);
  /// Replaces the owned partitions, and begins the replay of their states. Drops all waiting
  /// messages. Callable again if a replay failed.
  void begin_replay(std::set<std::int32_t> partitions);
  /// Adds the next state on `webhook.deliveries`.
  void replay(std::int32_t partition, model::webhook_delivery state);
  /// Continues every open message that was replayed.
  void end_replay();
  [[nodiscard]] const std::set<std::int32_t>& owned() const { return owned_; }

  // Intake.

  /// Returns true if the message at offset `request` of `webhook.requests` needs a delivery.
  [[nodiscard]] bool is_new(const model::delivery_id& id, std::int64_t request,
                            message_origin origin) const;
  /// Returns true while an attempt is in progress whose outcome will not be recorded. A message
  /// with this id is read after that.
  [[nodiscard]] bool is_superseded(const model::delivery_id& id) const;
  [[nodiscard]] room room_for(const std::string& endpoint) const {
    return queue_.room_for(endpoint);
  }
  /// Records that a wait for room has failed.
  void give_up_waiting_for(const std::string& endpoint) { queue_.give_up_waiting_for(endpoint); }
  /// Adds a new message. Returns `record`, or `give_up` if there is no room.
  delivery_step accept(model::webhook_delivery first, std::int32_t partition, room space);
  /// Keeps an accepted message in memory.
  void hold(const model::delivery_id& id, std::shared_ptr<const model::webhook_message> message);

  // Attempts.

  /// Returns a delivery whose attempt starts now; null if none is due. Valid until the next call.
  [[nodiscard]] const delivery* take(wall_time now);
  /// Processes the outcome of an attempt.
  delivery_step attempt_ended(const model::delivery_id& id, wall_time now, attempt_outcome outcome);
  /// Ends an attempt that was cancelled.
  void shut_down(const model::delivery_id& id);
  /// The requested record of an accepted message, or of an attempt, is durable.
  delivery_step recorded(const model::delivery_id& id);
  /// The queue accepts no more records.
  void not_recorded(const model::delivery_id& id);

  /// Returns when `take` may return a delivery if nothing else happens.
  [[nodiscard]] std::optional<wall_time> next_due() const { return queue_.next_due(); }
  [[nodiscard]] std::size_t held_bytes() const { return queue_.held_bytes(); }
  /// Returns the number of messages that wait or are being sent.
  [[nodiscard]] std::size_t size() const { return queue_.waiting() + queue_.in_flight(); }

 private:
  enum class stage { intake, attempt };
  struct busy_delivery {
    delivery one;
    stage where = stage::intake;
    receiver_health health = receiver_health::unknown;
  };

  delivery_step settle(const model::delivery_id& id, any_delivery_event event);

  delivery_rules rules_;
  delivery_queue queue_;
  delivery_history history_;
  std::set<std::int32_t> owned_;
  std::unordered_map<model::delivery_id, busy_delivery> busy_;
};

}  // namespace sonde::webhook
