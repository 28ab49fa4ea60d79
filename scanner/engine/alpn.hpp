#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sonde::scanner {

/// Application protocols of one ClientHello (RFC 7301), the preferred one first. Empty: the
/// extension is left out.
using alpn_list = std::vector<std::string>;

/// The lists that are offered to a port, one after the other: a server that answers
/// `no_application_protocol` to one gets the next one on another connection. Never empty.
///
/// Where IANA has a name for the port's protocol inside TLS, that name is offered, else `http/1.1`,
/// then `h2`: most servers prefer HTTP/2, and the facts of HTTP/1.1 would be lost. The last list is
/// empty. TLS ports of a protocol without a name get no list. Pure.
[[nodiscard]] std::vector<alpn_list> alpn_offers(std::uint16_t port);

}  // namespace sonde::scanner
