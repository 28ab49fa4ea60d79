#pragma once

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "model/webhook_delivery.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace sonde::webhook {

/// A message that has not come to its end.
struct open_delivery {
  model::webhook_delivery state;
  std::int32_t partition = 0;
  std::shared_ptr<const model::webhook_message> held;  ///< empty: it is read when it is due
};

/// Which message is next. Each receiver has a line of its own, and only so many tries at once, one
/// while it fails: so a dead receiver takes nobody else's turn. Pure.
class board {
 public:
  explicit board(const limits& limits) : limits_(limits) {}

  /// Whether it waits or is being sent.
  [[nodiscard]] bool knows(const model::delivery_id& id) const;
  enum class room {
    yes,
    soon,  ///< its line is full, and moves
    no,
  };
  [[nodiscard]] room room_for(const std::string& endpoint) const;
  /// A wait for room has brought none: there is no point in another one until half of the line is
  /// gone.
  void give_up_waiting_for(const std::string& endpoint);

  /// One that it does not know. There is room, or it was there before.
  void add(open_delivery one);
  /// The next one that is due and may be sent. It is being sent from now on.
  [[nodiscard]] std::optional<open_delivery> take(wall_time now);
  /// It was sent or not, and waits no more.
  void finish(const open_delivery& one, bool receiver_works);
  /// The same, and it waits for its next try.
  void put_back(open_delivery one, bool receiver_works);
  /// Forgets what waits, but for that of these partitions. What is being sent is kept.
  void keep_waiting_of(const std::set<std::int32_t>& partitions);

  /// When `take` may have something, if nothing else happens.
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
    std::optional<wall_time> turn;  ///< under which it stands in `turns_`
  };

  void refresh(const std::string& endpoint);
  void land(const open_delivery& one, bool receiver_works);

  const limits& limits_;
  std::unordered_map<model::delivery_id, open_delivery> waiting_;
  std::set<model::delivery_id> in_flight_;
  std::unordered_map<std::string, line> lines_;
  std::set<std::pair<wall_time, std::string>> turns_;  ///< lines that may send one more
  std::size_t held_bytes_ = 0;
};

}  // namespace sonde::webhook
