#pragma once

#include "tls/certificate.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace sonde::tls {

/// Whether a certificate is for a DNS name (RFC 9525, section 6), given in A-labels, in any case,
/// with or without the final dot.
///
/// Only subject alternative names count, never a common name. `*` stands for exactly one label, the
/// left-most, and only before two or more others. Where `names.dns` is truncated, false is no
/// proof.
[[nodiscard]] bool matches_host(const certificate& certificate, std::string_view dns_name);

/// Whether a certificate is for an address: four or sixteen bytes in network order. An IPv4-mapped
/// address is matched as it stands.
[[nodiscard]] bool matches_address(const certificate& certificate,
                                   std::span<const std::byte> address);

}  // namespace sonde::tls
