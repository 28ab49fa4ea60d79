#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/webhook/webhook_delivery.hpp"
#include "webhook/retry_plan.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>

namespace sonde::webhook {

/// The message of one attempt: the message itself, or its place on `webhook.requests`.
struct attempt_source {
  std::int32_t partition = 0;
  std::int64_t request = 0;
  std::shared_ptr<const model::webhook_message> held;  ///< null: read from its topic
};

/// The response of a receiver to one attempt.
struct attempt_response {
  unsigned status = 0;
  std::string retry_after;  ///< the header as received; empty if missing
};

/// The outcome of one attempt: a response with any status, or the reason why there is none.
using attempt_outcome = result<attempt_response>;

/// Returns success if the delivery has ended well: 2xx, or 410. Returns `errc::refused` for any
/// other status, and the error of an attempt without a response.
[[nodiscard]] result<> accepted(const attempt_outcome& outcome);

/// The statement of one attempt about its receiver.
enum class receiver_health {
  works,
  fails,    ///< other messages to this receiver should wait too
  unknown,  ///< the attempt ended on this machine: the receiver has no part in it
};
[[nodiscard]] receiver_health health_after(const attempt_outcome& outcome);

/// The rules for attempts, which a reload can change.
struct delivery_rules {
  retry_plan plan;
  std::chrono::seconds retry_after_max{0};  ///< the longest delay that a receiver can request
};

/// The space that the queue of a receiver has left.
enum class room {
  yes,
  soon,  ///< the queue of the receiver or the whole is full, but the queue moves
  no,
};

namespace delivery_event {

/// The message was read from `webhook.requests` for the first time.
struct message_read {
  room space = room::yes;  ///< `no`: a limit of the receiver or of the process is reached
};
/// This process owns the partition from now on. `state`, the last one on the topic, is open.
struct restored {
  model::webhook_delivery state;
};
/// The requested record is durable.
struct recorded {};
/// The queue accepts no more records from this process.
struct not_recorded {};
/// The time is `now`.
struct tick {
  wall_time now{};
};
/// The attempt has ended at `now`.
struct attempt_ended {
  wall_time now{};
  attempt_outcome outcome;
};
/// Another process owns the partition, or has recorded the end of this delivery.
struct superseded {};
/// The process stops. An attempt in progress was cancelled without an outcome.
struct shut_down {};

}  // namespace delivery_event

using any_delivery_event =
    std::variant<delivery_event::message_read, delivery_event::restored, delivery_event::recorded,
                 delivery_event::not_recorded, delivery_event::tick, delivery_event::attempt_ended,
                 delivery_event::superseded, delivery_event::shut_down>;

/// The reaction that a delivery requests from its owner.
enum class delivery_action {
  none,
  record,   ///< write `state` to `webhook.deliveries`; report `recorded` or `not_recorded`
  give_up,  ///< the same, after a dead letter with the reason in `state`
  wait,     ///< send `tick` at the time `due`
  send,     ///< start an attempt; report `attempt_ended` or `shut_down`
  done,     ///< the end is durable: remember it
  release,  ///< forget the delivery: the owner of the partition continues it or has ended it
};

/// The state machine of one message on its way to its receiver. Receives events, returns actions.
///
/// Every state is recorded before the next attempt starts, and the end is recorded before the
/// delivery is done. An attempt that is superseded runs to its end. Its outcome is recorded only if
/// `restored` has followed by then. Pure: no I/O, no clock.
class delivery {
 public:
  /// A message without a state on the topic: `message_read` follows. With a state: `restored`.
  delivery(model::webhook_delivery state, std::int32_t partition)
      : state_(std::move(state)), partition_(partition) {}

  /// Processes one event. An event that does not fit the phase changes nothing.
  [[nodiscard]] delivery_action on(any_delivery_event event, const delivery_rules& rules);

  [[nodiscard]] const model::webhook_delivery& state() const { return state_; }
  [[nodiscard]] std::int32_t partition() const { return partition_; }
  /// Returns the time of the next attempt.
  [[nodiscard]] wall_time due() const { return state_.next_try.value_or(state_.created); }

  /// Returns true if the outcome of the attempt in progress will not be recorded.
  [[nodiscard]] bool is_superseded() const { return ownership_ == ownership::superseded; }

  /// Keeps the message in memory until its first attempt has ended.
  void hold(std::shared_ptr<const model::webhook_message> message) { held_ = std::move(message); }
  /// Returns the message; null if it must be read from its topic.
  [[nodiscard]] const std::shared_ptr<const model::webhook_message>& held() const { return held_; }
  [[nodiscard]] std::size_t held_bytes() const;
  /// Returns the message to send in the next attempt.
  [[nodiscard]] attempt_source source() const { return {partition_, state_.request, held_}; }

 private:
  enum class phase { fresh, recording, waiting, sending, ended, released };
  enum class ownership { ours, superseded };

  delivery_action handle(delivery_event::message_read& event, const delivery_rules& rules);
  delivery_action handle(delivery_event::restored& event, const delivery_rules& rules);
  delivery_action handle(delivery_event::recorded&, const delivery_rules&);
  delivery_action handle(delivery_event::not_recorded&, const delivery_rules&);
  delivery_action handle(delivery_event::tick& event, const delivery_rules&);
  delivery_action handle(delivery_event::attempt_ended& event, const delivery_rules& rules);
  delivery_action handle(delivery_event::superseded&, const delivery_rules&);
  delivery_action handle(delivery_event::shut_down&, const delivery_rules&);

  void apply(const delivery_event::attempt_ended& event, const delivery_rules& rules);
  [[nodiscard]] bool over() const { return state_.state != model::delivery_state::pending; }
  delivery_action enter(phase next, delivery_action action);
  delivery_action record_state();

  model::webhook_delivery state_;
  std::int32_t partition_ = 0;
  phase phase_ = phase::fresh;
  ownership ownership_ = ownership::ours;
  std::shared_ptr<const model::webhook_message> held_;
};

}  // namespace sonde::webhook
