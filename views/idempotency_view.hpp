#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "model/cached_response.hpp"
#include "queue/io.hpp"
#include "views/limits.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace sonde::views {

class folding_view;
class idempotency_tables;

/// The topic `idempotency` as a table: the cached responses, which are repeated for
/// `limits::idempotency_s` after the first response.
///
/// "Not found" is returned only after the view has caught up, so every process knows the responses
/// of all processes. All functions may be called from any loop.
class idempotency_view {
 public:
  ~idempotency_view();
  idempotency_view(const idempotency_view&) = delete;
  idempotency_view& operator=(const idempotency_view&) = delete;

  /// Returns the cached response of an id. Fails with `queue::errc::unavailable` at the deadline.
  awaitable<result<std::optional<model::cached_response>>> find(std::string id,
                                                                steady_time deadline);
  /// Returns the number of rows, which slightly exceeds the number of responses that `find` can
  /// return.
  awaitable<std::uint64_t> rows();
  awaitable<void> stop();

 private:
  friend result<std::unique_ptr<idempotency_view>> open_idempotency_view(
      executor loop, queue::backend& queue, std::optional<std::filesystem::path> file,
      const limits& limits, const clock& clock, logger& log);

  idempotency_view(executor loop, std::unique_ptr<idempotency_tables> tables,
                   std::unique_ptr<folding_view> view);
  awaitable<result<std::optional<model::cached_response>>> find_here(std::string id,
                                                                     steady_time deadline);

  executor loop_;
  std::unique_ptr<idempotency_tables> tables_;  ///< on `loop_`, as is `view_`
  std::unique_ptr<folding_view> view_;
};

/// Opens the view, as `open_task_view` does. `limits` and `clock` must outlive it.
[[nodiscard]] result<std::unique_ptr<idempotency_view>> open_idempotency_view(
    executor loop, queue::backend& queue, std::optional<std::filesystem::path> file,
    const limits& limits, const clock& clock, logger& log);

}  // namespace sonde::views
