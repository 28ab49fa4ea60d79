#pragma once

#include "base/async/asio.hpp"
#include "base/clock.hpp"
#include "model/dead_letter.hpp"
#include "model/text/json.hpp"
#include "queue/io.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sonde::admin {

/// Selects the dead letters to redrive.
struct redrive_order {
  std::string topic;  ///< original topic of the letters, or their dead-letter topic
  /// Partition and offset of a single letter.
  std::optional<std::pair<std::int32_t, std::int64_t>> only = std::nullopt;
  bool look_only = false;
};

/// A dead letter and its new place. `went` is empty if the letter was only listed or stays.
struct redriven_letter {
  model::record_place stood;
  std::string key;
  model::dead_letter why;
  std::optional<model::record_place> went;
  std::string refused;  ///< why it stays; empty if it can be redriven
};

struct redrive_report {
  std::vector<redriven_letter> letters;
  bool more = false;  ///< letters are left; repeat the request
};

/// Sends dead letters back to their original topics and writes a receipt for each. Skips a letter
/// that has a receipt, unless `order.only` names it. An interruption between the two writes sends a
/// letter twice, which changes nothing.
///
/// A letter that cannot be parsed stays; the report shows it with an empty `from`. For a shortened
/// letter, the original is read again from its topic. If that topic no longer keeps it, the letter
/// stays and the report gives the reason. A letter that is too large stays as well. Errors: those
/// of the queue; `errc::invalid` if there is no such topic; `not_found` if there is no such
/// letter.
awaitable<result<redrive_report>> redrive(queue::backend& queue, redrive_order order,
                                          const clock& clock);

/// Serializes an order for a request to a daemon, and a report for its response.
[[nodiscard]] std::string to_json_text(const redrive_order& order);
[[nodiscard]] result<redrive_order> parse_redrive_order(std::string_view text);
[[nodiscard]] model::json to_json(const redrive_report& report);

}  // namespace sonde::admin
