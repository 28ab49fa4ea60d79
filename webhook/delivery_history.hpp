#pragma once

#include "model/webhook/webhook_delivery.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

namespace sonde::webhook {

/// The last open state of a message on `webhook.deliveries`, and its partition.
struct open_state {
  model::webhook_delivery state;
  std::int32_t partition = 0;
};

enum class message_origin {
  produced,  ///< the scanner wrote the message
  redriven,  ///< an operator sent a dead letter again
};

/// Folds the records of `webhook.deliveries`: finds the open messages, and remembers the ends of
/// the latest ones, because their producer may produce them again.
///
/// The end of a message is final. A former owner of the partition can still write an open state
/// after it; such a state is ignored. Only a redriven message, which has a later offset on
/// `webhook.requests`, opens a delivery again. Pure.
class delivery_history {
 public:
  /// The number of ends that are remembered.
  static constexpr std::size_t most_ends = 100'000;

  /// Begins a replay: forgets the open states.
  void begin_replay() { open_.clear(); }
  /// Adds the next record of a replay.
  void replay(std::int32_t partition, model::webhook_delivery state);
  /// Ends a replay. Returns the open states.
  [[nodiscard]] std::vector<open_state> take_open();

  /// Records the end of a message that stands at offset `request` of `webhook.requests`.
  void end(const model::delivery_id& id, std::int64_t request);
  /// Returns true if the message at this offset has ended.
  [[nodiscard]] bool has_ended(const model::delivery_id& id, std::int64_t request) const;
  /// Returns true if the message has not ended, or is redriven after its end.
  [[nodiscard]] bool is_new(const model::delivery_id& id, std::int64_t request,
                            message_origin origin) const;

 private:
  std::unordered_map<model::delivery_id, open_state> open_;
  std::unordered_map<model::delivery_id, std::int64_t> ends_;  ///< with the offset of the request
  std::deque<model::delivery_id> order_;                       ///< of `ends_`, the oldest first
};

}  // namespace sonde::webhook
