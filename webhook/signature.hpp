#pragma once

#include "base/clock.hpp"
#include "model/webhook.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sonde::webhook {

/// The value of `webhook-signature` (Standard Webhooks 1.0): `v1,` and base64 of HMAC-SHA256 over
/// `id.timestamp.body`, once for each secret, with spaces between. Pure.
[[nodiscard]] std::string sign(const std::vector<std::string>& secrets, std::string_view id,
                               std::string_view timestamp, std::string_view body);

/// Seconds since 1970, as `webhook-timestamp` has them.
[[nodiscard]] std::string timestamp_of(wall_time time);

}  // namespace sonde::webhook
