#pragma once

#include "base/clock.hpp"
#include "model/net/ip_address.hpp"
#include "model/net/target.hpp"
#include "model/scan/scan_task.hpp"
#include "model/text/json.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::model {

/// Formats an endpoint: `203.0.113.1:443/tcp`, `[2001:db8::1]:443/tcp`.
[[nodiscard]] std::string endpoint_text(const ip_address& address, std::uint16_t port);

/// Certificate as it was presented, parsed as far as possible.
struct certificate_observation {
  std::string sha256;                  ///< of the DER, in hexadecimal
  std::string subject;                 ///< RFC 4514
  std::string not_after;               ///< RFC 3339
  bool self_signed = false;            ///< its signature verifies with its own key
  std::vector<std::string> hostnames;  ///< SANs that are FQDNs, canonical
  json attributes;                     ///< every field, kebab-case, scalars and lists of scalars
  std::size_t der_bytes = 0;           ///< size of the DER
};
using certificate_pointer = std::shared_ptr<const certificate_observation>;

/// Facts from a TLS handshake. Facts that depend on the SNI belong here, not to the service.
struct tls_observation {
  std::string version;  ///< `TLSv1.3`; empty if the handshake ended before
  std::string cipher;
  std::string group;
  std::string sni;    ///< as sent; empty for an address
  std::string alert;  ///< ended the handshake; empty if it completed
  bool client_certificate_requested = false;
  bool starttls = false;           ///< TLS began inside the plain protocol
  bool mismatched = false;         ///< no name of the leaf matches the SNI or the address
  std::vector<std::string> chain;  ///< SHA-256 of each certificate, as presented
};

/// Strength of the evidence for a service's name.
enum class confidence {
  none,    ///< there is no name
  likely,  ///< only the shape of the response matches
  said,    ///< the server names its protocol or product
  proven,  ///< a complete structure of the protocol, or a nonce that only this server could repeat
};

/// Returns `likely`, `said`, `proven`, or an empty text for `none`.
[[nodiscard]] std::string_view name_of(confidence value);

/// One detail that a service reported, such as `realm` = `EXAMPLE.ORG`. Names are in kebab-case.
struct service_fact {
  std::string name;
  std::string value;
};

/// Service on an endpoint, as far as its responses identify it.
struct service_observation {
  std::string name;  ///< empty if no response identifies it
  std::string product;
  std::string version;
  confidence sure = confidence::none;
  std::string cpe = {};  ///< CPE 2.3, formatted string; empty if the product has none
  std::vector<service_fact> facts = {};
};

/// One open port and everything that was observed on it.
///
/// A part that failed is empty, and `detail` holds its error. A failed part never discards the
/// others.
struct endpoint_observation {
  ip_address address;
  std::uint16_t port = 0;
  wall_time seen{};
  std::string module;  ///< source of `service`: `greeting`, `tls`, or the module that probed
  std::vector<std::string> asked;             ///< each probe and its result: `tls: closed`
  std::vector<request_result> requests = {};  ///< the same, with sizes and times
  service_observation service;
  std::string raw_banner;     ///< bytes, as read
  std::string masked_banner;  ///< the banner with its known volatile parts replaced by `*`
  std::optional<tls_observation> tls;
  std::string detail;
  bool listened_only = false;  ///< no data may be sent to this port
  /// The scan's budget is used up: of the banner only the first line and its hash are kept, and of
  /// certificates that are new in this scan only the fingerprints.
  bool truncated = false;
  std::string banner_sha256;  ///< of a banner that the budget cut; empty otherwise
};

/// One address of the target.
struct address_observation {
  ip_address address;
  std::optional<outcome> how;  ///< how its part of the scan ended
  std::vector<endpoint_observation> endpoints;
};

/// Everything that one run of a task observed.
struct scan_observation {
  model::target target;
  std::vector<ip_address> resolved;  ///< all addresses that the name resolved to
  std::vector<address_observation> addresses;
  std::vector<certificate_pointer> certificates;  ///< each once
  outcome how;
};

}  // namespace sonde::model
