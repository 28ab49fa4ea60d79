#pragma once

#include <cstdint>

namespace sonde::webhook {

/// Limits on the memory and time that the receivers of callers can use. The values are the
/// defaults.
struct limits {
  std::uint32_t webhook_timeout_ms = 15'000;         ///< one try, from look-up to response
  std::uint32_t webhook_connect_timeout_ms = 5'000;  ///< to connect to one address of the receiver
  std::uint32_t webhook_answer_bytes = 65'536;       ///< read from a response, which is never shown
  std::uint32_t webhook_in_flight = 256;             ///< tries in progress
  std::uint32_t webhook_endpoint_in_flight = 4;      ///< to one receiver; 1 while it fails
  std::uint32_t webhook_endpoint_queued = 10'000;    ///< for one receiver; others are dead letters
  std::uint32_t webhook_queued = 100'000;            ///< for all receivers
  std::uint32_t webhook_held_bytes = 16u << 20;  ///< messages in memory; others are reread when due
  std::uint32_t webhook_retry_after_s = 86'400;  ///< longest delay that a receiver can request
};

}  // namespace sonde::webhook
