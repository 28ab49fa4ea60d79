#pragma once

#include "tls/certificate.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace sonde::tls {

/// Returns whether a certificate is valid for a DNS name (RFC 9525, section 6). The name is in
/// A-labels, in any case, with or without the final dot.
///
/// Uses only subject alternative names, never a common name. `*` matches exactly one label, the
/// left-most, and only before two or more other labels. If `names.dns` is truncated, false is not
/// conclusive.
[[nodiscard]] bool matches_host(const certificate& certificate, std::string_view dns_name);

/// Returns whether a certificate is valid for an address: four or sixteen bytes in network order.
/// An IPv4-mapped address is compared as an IPv6 address.
[[nodiscard]] bool matches_address(const certificate& certificate,
                                   std::span<const std::byte> address);

}  // namespace sonde::tls
