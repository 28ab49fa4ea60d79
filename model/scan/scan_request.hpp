#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/ids.hpp"
#include "model/scan/scan_depth.hpp"
#include "model/webhook/webhook.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::model {

/// The highest and the lowest `priority` of a request. The default is 0.
inline constexpr int highest_priority = 9;
inline constexpr int lowest_priority = -9;

enum class request_kind {
  schedule,  ///< scan the target; this is its `generation`-th scan
  attach,    ///< attach a webhook to the end of that scan, past or future
  cancel,    ///< cancel that scan, if it has not ended
};

[[nodiscard]] std::string_view name_of(request_kind kind);
[[nodiscard]] std::optional<request_kind> read_request_kind(std::string_view name);

/// A record of `scan.requests`. Each request refers to one generation of one key.
struct scan_request {
  target_key key;
  model::target target;
  std::string profile;  ///< a profile's name, or a list of ports
  std::string ports;    ///< ports of the profile at the time of the request; empty: built in
  /// Absent in records of earlier versions: the scan then has the depth of the configuration.
  std::optional<scan_depth> depth;
  group_list visibility;
  std::uint64_t generation = 1;
  int priority = 0;
  wall_time requested{};
  std::string traceparent;  ///< W3C Trace Context; empty if the caller sent none

  request_kind kind = request_kind::schedule;
  std::vector<webhook> webhooks;  ///< at most one, until others are added while the request waits
  std::string by;                 ///< the user who sent it; empty: unknown
  bool cancelled = false;         ///< for a waiting request: it ends when it begins
  std::string refused;            ///< reason of a refusal: it fails when it begins

  [[nodiscard]] task_id id() const { return task_id_of(key, generation); }
  bool operator==(const scan_request&) const = default;
};

[[nodiscard]] std::string to_json_text(const scan_request& request);

/// Parses a record. Refuses a text that no version of this program wrote: an unreadable record
/// becomes a dead letter and is never guessed.
[[nodiscard]] result<scan_request> parse_scan_request(std::string_view text);

}  // namespace sonde::model
