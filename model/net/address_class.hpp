#pragma once

#include "model/net/ip_address.hpp"

#include <string_view>

namespace sonde::model {

/// The class of an address, from the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC
/// 6890 and its successors), the multicast ranges and the unallocated ranges.
struct address_class {
  std::string_view name;  ///< for a sentence: "10.0.0.1 is private"
  bool global;            ///< globally reachable unicast
  /// True if the address belongs to one host, and to the same host from every point of view: it is
  /// not private, loopback, link-local, multicast or unspecified.
  bool meaningful = true;
};

[[nodiscard]] const address_class& classify(const ip_address& address);

}  // namespace sonde::model
