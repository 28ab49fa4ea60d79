#pragma once

#include <cstdint>

namespace sonde::ingest {

/// Limits on what one caller may send. The values are the defaults.
struct auth_limits {
  // Rates of requests. Beyond them: 429.
  std::uint32_t requests_per_key_per_s = 2'000;   ///< a key and keys derived from it, on average
  std::uint32_t requests_per_key_burst = 4'000;   ///< burst after a pause
  std::uint32_t requests_per_user_per_s = 4'000;  ///< all keys of one user; two at full rate
  std::uint32_t requests_per_user_burst = 8'000;  ///< burst after a pause
  std::uint32_t refused_per_address_per_s = 20;   ///< 4xx without a key, per IPv4 or IPv6 /64
  std::uint32_t refused_per_address_burst = 200;  ///< burst after a pause
  std::uint32_t rate_buckets = 65'536;            ///< keys, users, addresses tracked, of each

  // Disk: space that one tenant may add.
  std::uint32_t tenant_bytes_per_day = 2u << 30;  ///< records; about two million facts
};

}  // namespace sonde::ingest
