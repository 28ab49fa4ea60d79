#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sonde {

/// Wall clock time in milliseconds since 1970 UTC, as records and responses carry it.
using wall_time = std::chrono::sys_time<std::chrono::milliseconds>;
/// A time on the monotonic clock. Deadlines and rates are measured on it.
using steady_time = std::chrono::steady_clock::time_point;

/// The source of the time. It is passed in, so that tests can set the time. Thread-safe.
class clock {
 public:
  virtual ~clock() = default;
  [[nodiscard]] virtual wall_time now() const = 0;
  [[nodiscard]] virtual steady_time steady_now() const = 0;
};

/// The clocks of the machine.
class system_clock final : public clock {
 public:
  [[nodiscard]] wall_time now() const override;
  [[nodiscard]] steady_time steady_now() const override;
};

/// RFC 3339 in UTC with milliseconds: `2026-11-22T06:29:41.000Z`.
[[nodiscard]] std::string to_rfc3339(wall_time time);

/// The inverse of `to_rfc3339`, for text that this program wrote. Returns nullopt for any other
/// text.
[[nodiscard]] std::optional<wall_time> from_rfc3339(std::string_view text);

}  // namespace sonde
