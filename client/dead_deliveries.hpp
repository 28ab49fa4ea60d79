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

/// A message for a webhook that was given up: its dead letter, and its last state. Texts are empty
/// where the record does not say them.
struct dead_delivery {
  model::record_place stood;  ///< of the letter: what `sonde webhook replay` takes
  wall_time given_up{};
  std::string id;  ///< of the delivery
  std::string task;
  std::string target;
  std::string endpoint;
  /// To send it since it came to its topic; nothing where its state is no longer kept.
  std::optional<std::uint32_t> attempts = std::nullopt;
  model::dead_letter why;
};

/// Every message on the webhooks' dead letters that was not sent back, the oldest of each partition
/// first. Reads that topic and `webhook.deliveries` from their starts to their ends.
[[nodiscard]] awaitable<result<std::vector<dead_delivery>>> read_dead_deliveries(
    queue::backend& queue);

/// `sonde webhook list`, to its exit code.
awaitable<int> list_dead_deliveries(queue::backend& queue, terminal& out);

}  // namespace sonde::client
