#pragma once

#include "base/clock.hpp"

#include <optional>

namespace sonde::daemon {

/// Detects that the machine's clock was set: the difference between wall time and steady time
/// changes. Used by one thread.
class clock_watch {
 public:
  /// `clock` outlives this object.
  explicit clock_watch(const clock& clock);

  /// Returns how far wall time has jumped since the last call. No value if it advanced normally.
  [[nodiscard]] std::optional<std::chrono::milliseconds> look();

 private:
  [[nodiscard]] std::chrono::milliseconds difference() const;

  const clock& clock_;
  std::chrono::milliseconds seen_;
};

}  // namespace sonde::daemon
