#pragma once

#include "base/clock.hpp"
#include "model/ip_address.hpp"
#include "model/json.hpp"
#include "model/scan_task.hpp"
#include "model/target.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sonde::model {

/// `203.0.113.1:443/tcp`, `[2001:db8::1]:443/tcp`.
[[nodiscard]] std::string endpoint_text(const ip_address& address, std::uint16_t port);

/// A certificate as it was presented, parsed as far as it can be.
struct certificate_observation {
  std::string sha256;                  ///< of the DER, in hexadecimal
  std::string subject;                 ///< RFC 4514
  std::string not_after;               ///< RFC 3339
  std::vector<std::string> hostnames;  ///< SANs that are FQDNs, canonical
  json attributes;                     ///< every field, kebab-case, scalars and lists of scalars
  std::size_t der_bytes = 0;           ///< size of the DER
};
using certificate_pointer = std::shared_ptr<const certificate_observation>;

/// What a TLS handshake showed. Facts that depend on the SNI belong here, not to the service.
struct tls_observation {
  std::string version;  ///< `TLSv1.3`; empty where the handshake did not come that far
  std::string cipher;
  std::string group;
  std::string sni;    ///< what was sent; empty for an address
  std::string alert;  ///< that ended it; empty where it completed
  bool client_certificate_requested = false;
  bool mismatched = false;         ///< no name of the leaf matches the SNI or the address
  std::vector<std::string> chain;  ///< SHA-256 of each certificate, as presented
};

/// What is known of the service on an endpoint, from what it said.
struct service_observation {
  std::string name;  ///< empty where nothing it said tells
  std::string product;
  std::string version;
};

/// One open port, and all that was said on it.
///
/// Parts that failed are empty and `trouble` says why; they never take the others with them.
struct endpoint_observation {
  ip_address address;
  std::uint16_t port = 0;
  wall_time seen{};
  std::string module;  ///< which of our questions brought the answer: `greeting`, `tls`, `http`
  service_observation service;
  std::string raw_banner;     ///< bytes, as read
  std::string masked_banner;  ///< the same with what is known to be volatile replaced by `*`
  std::optional<tls_observation> tls;
  std::string trouble;
  bool listened_only = false;  ///< nothing may be sent to this port
  /// The scan's budget is used up: of the banner the first line and this hash are left, of
  /// certificates that the scan had not seen before their fingerprints.
  bool truncated = false;
  std::string banner_sha256;  ///< of a banner that was cut for the budget; empty otherwise
};

/// One address of the target.
struct address_observation {
  ip_address address;
  std::optional<outcome> how;  ///< how its part of the scan ended
  std::vector<endpoint_observation> endpoints;
};

/// All that one run of a task saw.
struct scan_observation {
  model::target target;
  std::vector<ip_address> resolved;  ///< what the name resolved to, all of it
  std::vector<address_observation> addresses;
  std::vector<certificate_pointer> certificates;  ///< each once
  outcome how;
};

}  // namespace sonde::model
