#pragma once

#include <cstdint>
#include <string_view>

namespace sonde::tls {

/// An alert's name as the RFCs write it (`handshake_failure`), from RFC 8446, section 6, and its
/// predecessors back to RFC 2246; `unknown` for a number that has none.
[[nodiscard]] std::string_view alert_name(std::uint8_t number);

}  // namespace sonde::tls
