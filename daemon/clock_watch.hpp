#pragma once

#include "base/clock.hpp"

#include <optional>

namespace sonde::daemon {

/// Notices that the machine's clock has been set: wall time and steady time then differ by more, or
/// less, than before. Used by one thread.
class clock_watch {
 public:
  /// `clock` outlives it.
  explicit clock_watch(const clock& clock);

  /// How far wall time has jumped since the last look; nothing where it has gone on as it should.
  [[nodiscard]] std::optional<std::chrono::milliseconds> look();

 private:
  [[nodiscard]] std::chrono::milliseconds difference() const;

  const clock& clock_;
  std::chrono::milliseconds seen_;
};

}  // namespace sonde::daemon
