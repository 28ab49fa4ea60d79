#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "model/kept_answer.hpp"
#include "queue/io.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace sonde::views {

/// `idempotency` as a table: which answers are given again, for `limits::idempotency_s` after they
/// were first given.
///
/// "Nothing" is said once the view has caught up, so what any process has answered is known to
/// every process. All functions may be called from any loop.
class idempotency_view {
 public:
  virtual ~idempotency_view() = default;

  /// What is kept under an id. Fails with `queue::errc::unavailable` at the deadline.
  virtual awaitable<result<std::optional<model::kept_answer>>> find(std::string id,
                                                                    steady_time deadline) = 0;
  /// How many rows there are, which is a little more than what `find` finds.
  virtual awaitable<std::uint64_t> rows() = 0;
  virtual awaitable<void> stop() = 0;
};

/// As `open_task_view`. `limits` and `clock` outlive the view.
[[nodiscard]] result<std::unique_ptr<idempotency_view>> open_idempotency_view(
    executor loop, queue::backend& queue, std::optional<std::filesystem::path> file,
    const limits& limits, const clock& clock, logger& log);

}  // namespace sonde::views
