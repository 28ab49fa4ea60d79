#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/scan_task.hpp"
#include "model/webhook.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::model {

/// What stands in `webhook.requests`: send this there.
struct webhook_message {
  delivery_id id;
  task_id task;
  webhook hook;
  wall_time created{};
  std::string body;  ///< the bytes that are signed and sent, the same at each try
};

/// What a webhook is told of a scan that has ended: an event with the scan's report, whose results
/// are cut so that it is no longer than `most_bytes`. Where that is not enough, the profile and the
/// reason are shortened.
[[nodiscard]] std::string webhook_body(const scan_task& task, const pending_delivery& owed,
                                       std::size_t most_bytes);
/// The message, with a body of at most `most_bytes` and a record of at most `record_bytes`. A
/// webhook that does not fit the record, as it was accepted under a higher limit, loses what is
/// sealed.
[[nodiscard]] webhook_message message_of(const scan_task& task, const pending_delivery& owed,
                                         std::size_t most_bytes, std::size_t record_bytes);

[[nodiscard]] std::string to_json_text(const webhook_message& message);
[[nodiscard]] result<webhook_message> parse_webhook_message(std::string_view text);

enum class delivery_state {
  pending,
  delivered,  ///< answered with 2xx
  gone,       ///< answered with 410: the receiver wants no more
  dead,       ///< given up, and among the dead letters
};

[[nodiscard]] std::string_view name_of(delivery_state state);

/// What stands in `webhook.deliveries`: how far one message has come. Nothing of what was sent, nor
/// of the answer's body.
struct webhook_delivery {
  delivery_id id;
  task_id task;
  std::string endpoint;
  std::int64_t request = 0;  ///< offset of the message, in the same partition of its topic
  wall_time created{};
  delivery_state state = delivery_state::pending;
  std::uint32_t attempts = 0;
  std::optional<wall_time> next_try;
  std::optional<wall_time> last_try;
  std::uint32_t status = 0;  ///< of the last answer; zero: there was none
  std::string reason;        ///< why the last try was none

  bool operator==(const webhook_delivery&) const = default;
};

[[nodiscard]] std::string to_json_text(const webhook_delivery& delivery);
[[nodiscard]] result<webhook_delivery> parse_webhook_delivery(std::string_view text);

}  // namespace sonde::model
