#include "model/net/address_class.hpp"

#include <vector>

namespace sonde::model {
namespace {

struct registry_row {
  const char* prefix;
  address_class what;
};

constexpr bool reachable = true;
constexpr bool not_reachable = false;
constexpr bool means_nothing = false;

// The registries as of 2024, with the RFC of each row. Where the registry says "N/A" (deprecated
// 6to4 relays, Teredo, 6to4), an address stands for another address, so it does not count as
// global. The same applies to NAT64: 64:ff9b::10.0.0.1 is a route to 10.0.0.1.
constexpr registry_row registry[] = {
    {"0.0.0.0/0", {"globally reachable", reachable}},
    {"0.0.0.0/32", {"unspecified (RFC 1122)", not_reachable, means_nothing}},
    {"0.0.0.0/8", {"of \"this network\" (RFC 791)", not_reachable}},
    {"10.0.0.0/8", {"private (RFC 1918)", not_reachable, means_nothing}},
    {"100.64.0.0/10", {"shared by carriers (RFC 6598)", not_reachable}},
    {"127.0.0.0/8", {"loopback (RFC 1122)", not_reachable, means_nothing}},
    {"169.254.0.0/16", {"link-local (RFC 3927)", not_reachable, means_nothing}},
    {"172.16.0.0/12", {"private (RFC 1918)", not_reachable, means_nothing}},
    {"192.0.0.0/24", {"reserved for IETF protocols (RFC 6890)", not_reachable}},
    {"192.0.0.9/32", {"globally reachable", reachable}},   // RFC 7723
    {"192.0.0.10/32", {"globally reachable", reachable}},  // RFC 8155
    {"192.0.2.0/24", {"for documentation (RFC 5737)", not_reachable}},
    {"192.88.99.0/24", {"a deprecated 6to4 relay (RFC 7526)", not_reachable}},
    {"192.168.0.0/16", {"private (RFC 1918)", not_reachable, means_nothing}},
    {"198.18.0.0/15", {"for benchmarks (RFC 2544)", not_reachable}},
    {"198.51.100.0/24", {"for documentation (RFC 5737)", not_reachable}},
    {"203.0.113.0/24", {"for documentation (RFC 5737)", not_reachable}},
    {"224.0.0.0/4", {"multicast (RFC 1112)", not_reachable, means_nothing}},
    {"240.0.0.0/4", {"reserved (RFC 1112)", not_reachable}},
    {"255.255.255.255/32", {"the broadcast address (RFC 8190)", not_reachable}},

    {"::/0", {"not allocated for global unicast (RFC 4291)", not_reachable}},
    {"2000::/3", {"globally reachable", reachable}},
    {"::/128", {"unspecified (RFC 4291)", not_reachable, means_nothing}},
    {"::1/128", {"loopback (RFC 4291)", not_reachable, means_nothing}},
    {"64:ff9b::/96", {"NAT64 (RFC 6052)", not_reachable}},
    {"64:ff9b:1::/48", {"local NAT64 (RFC 8215)", not_reachable}},
    {"100::/64", {"discard-only (RFC 6666)", not_reachable}},
    {"100:0:0:1::/64", {"a dummy prefix (RFC 9780)", not_reachable}},
    {"2001::/23", {"reserved for IETF protocols (RFC 2928)", not_reachable}},
    {"2001::/32", {"Teredo (RFC 4380)", not_reachable}},
    {"2001:1::1/128", {"globally reachable", reachable}},  // RFC 7723
    {"2001:1::2/128", {"globally reachable", reachable}},  // RFC 8155
    {"2001:1::3/128", {"globally reachable", reachable}},  // RFC 9665
    {"2001:2::/48", {"for benchmarks (RFC 5180)", not_reachable}},
    {"2001:3::/32", {"globally reachable", reachable}},      // RFC 7450
    {"2001:4:112::/48", {"globally reachable", reachable}},  // RFC 7535
    {"2001:10::/28", {"deprecated ORCHID (RFC 4843)", not_reachable}},
    {"2001:20::/28", {"globally reachable", reachable}},  // RFC 7343
    {"2001:30::/28", {"globally reachable", reachable}},  // RFC 9374
    {"2001:db8::/32", {"for documentation (RFC 3849)", not_reachable}},
    {"2002::/16", {"6to4 (RFC 3056)", not_reachable}},
    {"3fff::/20", {"for documentation (RFC 9637)", not_reachable}},
    {"5f00::/16", {"for segment routing (RFC 9602)", not_reachable}},
    {"fc00::/7", {"unique local (RFC 4193)", not_reachable, means_nothing}},
    {"fe80::/10", {"link-local (RFC 4291)", not_reachable, means_nothing}},
    {"fec0::/10", {"deprecated site-local (RFC 3879)", not_reachable, means_nothing}},
    {"ff00::/8", {"multicast (RFC 4291)", not_reachable, means_nothing}},
};

struct parsed_row {
  network range;
  const address_class* what;
};

std::vector<parsed_row> parse_registry() {
  std::vector<parsed_row> rows;
  for (const auto& row : registry)
    rows.push_back({network::parse(row.prefix).value(), &row.what});
  return rows;
}

}  // namespace

const address_class& classify(const ip_address& address) {
  static const std::vector<parsed_row> rows = parse_registry();
  const parsed_row* best = nullptr;
  for (const auto& row : rows) {
    bool longer = best == nullptr || row.range.prefix() > best->range.prefix();
    if (longer && row.range.contains(address)) best = &row;
  }
  return *best->what;
}

}  // namespace sonde::model
