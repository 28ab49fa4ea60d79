#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/webhook/webhook.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::webhook {

/// Computes when a message is sent again. Pure: the jitter is derived from the message and the try.
/// A thousand messages to a receiver that was down are therefore spread, and every process computes
/// the same plan.
class retry_plan {
 public:
  /// `pauses`: the pause before each try, including the first one. At least one.
  explicit retry_plan(std::vector<std::chrono::seconds> pauses) : pauses_(std::move(pauses)) {}

  /// Returns the time of the next try after `tries` tries; nothing after the last one. `put_off` is
  /// the pause that the receiver requests; it can lengthen a pause but never shorten it.
  [[nodiscard]] std::optional<wall_time> next_try(
      const model::delivery_id& message, std::uint32_t tries, wall_time now,
      std::optional<std::chrono::seconds> put_off = std::nullopt) const;

 private:
  std::vector<std::chrono::seconds> pauses_;
};

/// Parses the configured pauses: whole seconds, in order.
[[nodiscard]] result<std::vector<std::chrono::seconds>> parse_pauses(
    const std::vector<std::string>& seconds);

/// Parses `Retry-After` (RFC 9110, section 10.2.3) to seconds from now: a number of seconds, or a
/// date in the only form that is not obsolete. Returns nothing for any other text. At most `most`.
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(std::string_view text,
                                                                    wall_time now,
                                                                    std::chrono::seconds most);

}  // namespace sonde::webhook
