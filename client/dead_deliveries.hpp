#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "client/terminal.hpp"
#include "model/dead_letter.hpp"
#include "queue/io.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sonde::client {

/// A webhook message that was abandoned: its dead letter and its last state. A text is empty if the
/// record does not contain it.
struct dead_delivery {
  model::record_place stood;  ///< place of the letter, the argument of `sonde webhook replay`
  wall_time abandoned{};
  std::string id;  ///< delivery id
  std::string task;
  std::string target;
  std::string endpoint;
  /// Attempts since the message entered its topic. No value if its state is no longer kept.
  std::optional<std::uint32_t> attempts = std::nullopt;
  model::dead_letter why;
};

/// Reads every dead letter of webhooks, without the redriven ones, the oldest of each partition
/// first. Reads the dead-letter topic and `webhook.deliveries` from start to end.
[[nodiscard]] awaitable<result<std::vector<dead_delivery>>> read_dead_deliveries(
    queue::backend& queue);

/// Runs `sonde webhook list` and returns the exit code.
awaitable<int> list_dead_deliveries(queue::backend& queue, terminal& out);

}  // namespace sonde::client
