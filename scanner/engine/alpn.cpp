#include "scanner/engine/alpn.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace sonde::scanner {
namespace {

/// IANA's registry of ALPN protocol IDs and of port numbers. Without a name: none is registered.
struct alpn_port {
  std::uint16_t port;
  std::string_view name;
};
constexpr std::array<alpn_port, 21> alpn_ports = {{
    {465, ""},
    {563, "nntp"},
    {636, ""},
    {853, "dot"},
    {989, "ftp"},
    {990, "ftp"},
    {992, ""},
    {993, "imap"},
    {994, "irc"},
    {995, "pop3"},
    {3269, ""},
    {5061, "sip/2"},
    {5223, "xmpp-client"},
    {5270, "xmpp-server"},
    {5432, "postgresql"},
    {5671, ""},
    {6636, ""},
    {6697, "irc"},
    {6379, ""},
    {8883, "mqtt"},
    {64738, ""},
}};

}  // namespace

std::vector<alpn_list> alpn_offers(std::uint16_t port) {
  const auto* own = std::ranges::find(alpn_ports, port, &alpn_port::port);
  if (own == alpn_ports.end()) return {{"http/1.1"}, {"h2"}, {}};
  if (own->name.empty()) return {{}};
  return {{std::string(own->name)}, {}};
}

}  // namespace sonde::scanner
