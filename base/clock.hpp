#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sonde {

/// A moment as people know it, in milliseconds since 1970 UTC: what records and answers carry.
using wall_time = std::chrono::sys_time<std::chrono::milliseconds>;
/// A moment on the clock that never jumps: what deadlines and rates are measured on.
using steady_time = std::chrono::steady_clock::time_point;

/// Where the time comes from. Passed in, so that tests decide what it is. Thread-safe.
class clock {
 public:
  virtual ~clock() = default;
  [[nodiscard]] virtual wall_time now() const = 0;
  [[nodiscard]] virtual steady_time steady_now() const = 0;
};

/// The machine's own clocks.
class system_clock final : public clock {
 public:
  [[nodiscard]] wall_time now() const override;
  [[nodiscard]] steady_time steady_now() const override;
};

/// RFC 3339 in UTC with milliseconds: `2026-11-22T06:29:41.000Z`.
[[nodiscard]] std::string to_rfc3339(wall_time time);

/// The inverse of `to_rfc3339`, for text that this program wrote; nothing for any other text.
[[nodiscard]] std::optional<wall_time> from_rfc3339(std::string_view text);

}  // namespace sonde
