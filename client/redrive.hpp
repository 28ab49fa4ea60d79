#pragma once

#include "base/clock.hpp"
#include "client/terminal.hpp"
#include "model/dead_letter.hpp"
#include "model/json.hpp"
#include "queue/io.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sonde::client {

/// Which dead letters are to go back.
struct redrive_order {
  std::string topic;  ///< that they came from, or that of the letters themselves
  /// One of them only.
  std::optional<std::pair<std::int32_t, std::int64_t>> only = std::nullopt;
  bool look_only = false;
};

/// A letter, and where it went. Nowhere: it was only looked at.
struct redriven_letter {
  model::record_place stood;
  std::string key;
  model::dead_letter why;
  std::optional<model::record_place> went;
  std::string refused;  ///< why it cannot go back; empty where it can
};

struct redrive_report {
  std::vector<redriven_letter> letters;
  bool more = false;  ///< letters are left: ask again
};

/// Sends dead letters back to where they came from, and leaves a receipt for each. Those that have
/// one are passed by. Interrupted between the two it sends a letter twice, which changes nothing.
///
/// Where a letter cannot be read as one it stays, and the report shows it with an empty `from`. Of
/// a letter that was shortened, the original is read again from its topic; where that no longer
/// keeps it, the letter stays, and the report says why. So does one that is too large to go back.
/// Errors: of the queue; `client::errc::usage` where there is no such topic, `not_found` where
/// there is no such letter.
awaitable<result<redrive_report>> redrive(queue::backend& queue, redrive_order order,
                                          const clock& clock);

/// As it stands in a request to a daemon, and in its answer.
[[nodiscard]] std::string to_json_text(const redrive_order& order);
[[nodiscard]] result<redrive_order> parse_redrive_order(std::string_view text);
[[nodiscard]] model::json to_json(const redrive_report& report);

/// `sonde topic redrive`, to its exit code. `ask` does it, here or in a daemon.
using redrive_function = std::function<awaitable<result<model::json>>(redrive_order)>;
awaitable<int> run_redrive(redrive_function ask, redrive_order order, terminal& out);

}  // namespace sonde::client
