#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/scan/scan_task.hpp"
#include "model/webhook/webhook.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sonde::model {

/// A record of `webhook.requests`: a message to send, and its webhook.
struct webhook_message {
  delivery_id id;
  task_id task;
  webhook hook;
  wall_time created{};
  std::string body;  ///< the bytes to sign and send, the same for each try
};

/// Returns the body of a webhook message about an ended scan: an event with the scan's report. Its
/// results are cut so that it has at most `most_bytes`. If that is not enough, the profile and the
/// reason are shortened.
[[nodiscard]] std::string webhook_body(const scan_task& task, const pending_delivery& owed,
                                       std::size_t most_bytes);
/// Makes the message, with a body of at most `most_bytes` and a record of at most `record_bytes`. A
/// webhook that does not fit in the record was accepted under a higher limit. It loses its
/// encrypted part.
[[nodiscard]] webhook_message message_of(const scan_task& task, const pending_delivery& owed,
                                         std::size_t most_bytes, std::size_t record_bytes);

[[nodiscard]] std::string to_json_text(const webhook_message& message);
[[nodiscard]] result<webhook_message> parse_webhook_message(std::string_view text);

enum class delivery_state {
  pending,
  delivered,  ///< the response was 2xx
  gone,       ///< the response was 410: the receiver wants no more messages
  dead,       ///< abandoned, and among the dead letters
};

[[nodiscard]] std::string_view name_of(delivery_state state);

/// A record of `webhook.deliveries`: the state of one message. Contains neither the sent data nor
/// the body of the response.
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
  std::uint32_t status = 0;  ///< status code of the last response; zero: none
  std::string reason;        ///< why the last try failed

  bool operator==(const webhook_delivery&) const = default;
};

[[nodiscard]] std::string to_json_text(const webhook_delivery& delivery);
[[nodiscard]] result<webhook_delivery> parse_webhook_delivery(std::string_view text);

}  // namespace sonde::model
