#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/webhook.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::webhook {

/// When a message is sent again. Pure: the jitter follows from the message and the try, so that a
/// thousand messages to a receiver that was away do not come back at one moment, and so that
/// another process plans the same.
class retry_plan {
 public:
  /// Pauses before each try, the first one's included. At least one.
  explicit retry_plan(std::vector<std::chrono::seconds> pauses) : pauses_(std::move(pauses)) {}

  /// After so many tries; nothing: that was the last. `put_off` is the receiver's own wish, which
  /// lengthens a pause and never shortens it.
  [[nodiscard]] std::optional<wall_time> next_try(
      const model::delivery_id& message, std::uint32_t tries, wall_time now,
      std::optional<std::chrono::seconds> put_off = std::nullopt) const;

 private:
  std::vector<std::chrono::seconds> pauses_;
};

/// The pauses as they are configured: whole seconds, in order.
[[nodiscard]] result<std::vector<std::chrono::seconds>> parse_pauses(
    const std::vector<std::string>& seconds);

/// `Retry-After` (RFC 9110, section 10.2.3), as seconds from now: a number of them, or a date in
/// the one form that is not obsolete. Nothing for any other text. At most `most`.
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(std::string_view text,
                                                                    wall_time now,
                                                                    std::chrono::seconds most);

}  // namespace sonde::webhook
