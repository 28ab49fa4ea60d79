#pragma once

#include <cstdint>

namespace sonde::scanner {

/// Limits of the resolver. The values are the defaults.
struct resolver_limits {
  std::uint32_t dns_timeout_ms = 2'000;  ///< one try at one server
  std::uint32_t dns_tries = 2;           ///< at each server
};

}  // namespace sonde::scanner
