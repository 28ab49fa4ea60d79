#pragma once

#include "base/clock.hpp"
#include "model/webhook/webhook.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sonde::webhook {

/// Returns the value of `webhook-signature` (Standard Webhooks 1.0): `v1,` and base64 of
/// HMAC-SHA256 over `id.timestamp.body`, once per secret, separated by spaces. Pure.
[[nodiscard]] std::string sign(const std::vector<std::string>& secrets, std::string_view id,
                               std::string_view timestamp, std::string_view body);

/// Formats seconds since 1970 for `webhook-timestamp`.
[[nodiscard]] std::string timestamp_of(wall_time time);

}  // namespace sonde::webhook
