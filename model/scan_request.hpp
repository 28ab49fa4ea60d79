#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/ids.hpp"
#include "model/webhook.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::model {

/// The highest and lowest `priority` a request may carry; 0 where it says nothing.
inline constexpr int highest_priority = 9;
inline constexpr int lowest_priority = -9;

enum class request_kind {
  schedule,  ///< scan the target, for the `generation`-th time
  attach,    ///< tell a webhook of that scan's end, whether it is still to come or long past
  cancel,    ///< end that scan, if it has not ended
};

[[nodiscard]] std::string_view name_of(request_kind kind);

/// What stands in `scan.requests`. Each kind is about one generation of one key.
struct scan_request {
  target_key key;
  model::target target;
  std::string profile;  ///< a profile's name, or the ports themselves
  std::string ports;    ///< what the profile stood for when it was asked; empty: it is built in
  group_list scope;
  std::uint64_t generation = 1;
  int priority = 0;
  wall_time requested{};
  std::string traceparent;  ///< W3C Trace Context; empty where the caller sent none

  request_kind kind = request_kind::schedule;
  std::vector<webhook> webhooks;  ///< one at most, until others join it while it waits
  std::string by;                 ///< the user who asks; empty: not known
  bool cancelled = false;         ///< of one that waits: it will end as soon as it begins
  std::string refused;            ///< why it cannot be done: it fails as soon as it begins

  [[nodiscard]] task_id id() const { return task_id_of(key, generation); }
  bool operator==(const scan_request&) const = default;
};

[[nodiscard]] std::string to_json_text(const scan_request& request);

/// Refuses what no version of this program wrote: a record that cannot be understood is a dead
/// letter, never a guess.
[[nodiscard]] result<scan_request> parse_scan_request(std::string_view text);

}  // namespace sonde::model
