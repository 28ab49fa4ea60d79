#pragma once

#include "base/clock.hpp"
#include "webhook/delivery.hpp"
#include "webhook/limits.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace sonde::webhook {

/// The delivery queue: selects the next message to send. Each receiver has a queue of its own with
/// a limit of concurrent tries, which is one while it fails, so that a dead receiver does not delay
/// others. Pure.
class delivery_queue {
 public:
  explicit delivery_queue(const limits& limits) : limits_(limits) {}

  /// Tells whether the message waits or is being sent.
  [[nodiscard]] bool knows(const model::delivery_id& id) const;
  [[nodiscard]] room room_for(const std::string& endpoint) const;
  /// Records that a wait for room has failed: no other wait is useful until half of the queue is
  /// gone.
  void give_up_waiting_for(const std::string& endpoint);

  /// Adds an unknown message. Call only if there is room, or if it was open before.
  void add(delivery one);
  /// Returns the next message that is due and may be sent, and marks it as being sent.
  [[nodiscard]] std::optional<delivery> take(wall_time now);
  /// Removes a message after an attempt, delivered or not.
  void finish(const model::delivery_id& id, receiver_health health);
  /// Puts a message back after an attempt; it waits for its next attempt.
  void put_back(delivery one, receiver_health health);
  /// Drops waiting messages except those of `partitions`. Keeps messages that are being sent.
  void keep_waiting_of(const std::set<std::int32_t>& partitions);

  /// Returns when `take` may return a message if nothing else happens.
  [[nodiscard]] std::optional<wall_time> next_due() const;
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] std::size_t in_flight() const { return in_flight_.size(); }
  [[nodiscard]] std::size_t held_bytes() const { return held_bytes_; }

 private:
  struct line {
    std::set<std::pair<wall_time, model::delivery_id>> due;
    std::size_t in_flight = 0;
    bool failing = false;
    bool stuck = false;
    std::optional<wall_time> turn;  ///< its key in `turns_`
  };

  void refresh(const std::string& endpoint);
  /// Ends an attempt. Returns the endpoint, whose queue is to be refreshed.
  std::string land(const model::delivery_id& id, receiver_health health);

  const limits& limits_;
  std::unordered_map<model::delivery_id, delivery> waiting_;
  std::unordered_map<model::delivery_id, std::string> in_flight_;  ///< with its endpoint
  std::unordered_map<std::string, line> lines_;
  std::set<std::pair<wall_time, std::string>> turns_;  ///< queues that may send one more message
  std::size_t held_bytes_ = 0;
};

}  // namespace sonde::webhook
