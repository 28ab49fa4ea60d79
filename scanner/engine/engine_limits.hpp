#pragma once

#include "scanner/resolver/resolver_limits.hpp"

#include <cstdint>

namespace sonde::scanner {

/// Limits on the resources that one target can make a scan use. The values are the defaults.
///
/// An engine has a resolver, so the limits of the resolver are included.
struct engine_limits : resolver_limits {
  std::uint32_t descriptors = 0;             ///< for probes; 0: measured at start-up
  std::uint32_t address_in_flight = 8192;    ///< unanswered probes of one address
  std::uint32_t address_conversations = 16;  ///< with one address at once
  std::uint32_t connect_timeout_ms = 3'500;  ///< three SYNs: at 0, 1 and 3 s
  std::uint32_t local_trouble_timeout_ms =
      60'000;  ///< of one address without a response because of local errors; then it is abandoned
  std::uint32_t greeting_timeout_ms =
      6'000;  ///< for a service that sends first (RFC 5321 asks for minutes)
  std::uint32_t answer_timeout_ms = 3'000;         ///< for the response to a request
  std::uint32_t conversation_timeout_ms = 20'000;  ///< the whole conversation with one port
  std::uint32_t conversation_connections = 6;      ///< to one port, the sweep's own included
  std::uint32_t talk_messages = 4;                 ///< requests of one protocol on one connection
  std::uint32_t talk_bytes = 65'536;               ///< read of one response to them
  std::uint32_t banner_bytes = 16'384;             ///< read from a service
  std::uint32_t handshake_bytes = 1u << 20;        ///< read from a TLS handshake
  std::uint32_t chain_certificates = 16;           ///< kept of a presented chain
  std::uint32_t certificate_bytes = 65'536;        ///< of one certificate that is parsed
  std::uint32_t certificate_names = 1'000;         ///< SANs kept of one certificate
};

}  // namespace sonde::scanner
