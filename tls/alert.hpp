#pragma once

#include <cstdint>
#include <string_view>

namespace sonde::tls {

/// Returns the name of an alert as the RFCs write it (`handshake_failure`), from RFC 8446, section
/// 6, and its predecessors back to RFC 2246. Returns `unknown` for a number without a name.
[[nodiscard]] std::string_view alert_name(std::uint8_t number);

}  // namespace sonde::tls
