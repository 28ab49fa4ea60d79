#pragma once

#include "model/ip_address.hpp"

#include <string_view>

namespace sonde::model {

/// What kind of address it is, by the IANA IPv4 and IPv6 Special-Purpose Address Registries
/// (RFC 6890 and its successors), the multicast ranges and what is not allocated to anyone.
struct address_class {
  std::string_view name;  ///< as in a sentence: "10.0.0.1 is private"
  bool global;            ///< globally reachable unicast
  /// It is one host's, and the same one's for everybody who speaks of it: neither private,
  /// loopback, link-local, multicast nor unspecified.
  bool meaningful = true;
};

[[nodiscard]] const address_class& classify(const ip_address& address);

}  // namespace sonde::model
