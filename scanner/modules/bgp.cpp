#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

#include <fmt/core.h>

namespace sonde::scanner::modules {
namespace {

// RFC 4271, sections 4.1 (header), 4.2 (OPEN) and 4.5 (NOTIFICATION); RFC 5492 (capabilities).
constexpr std::uint16_t bgp_ports[] = {179};
constexpr std::size_t bgp_marker = 16;
constexpr std::size_t bgp_header = 19;
constexpr std::size_t bgp_most = 4096;
constexpr std::uint8_t bgp_open = 1;
constexpr std::uint8_t bgp_notification = 3;
constexpr std::uint8_t bgp_capabilities = 2;  // optional parameter
constexpr std::uint8_t bgp_wide_as = 65;      // RFC 6793
constexpr std::uint8_t bgp_name = 73;         // draft-walton-bgp-hostname-capability
constexpr std::uint8_t bgp_software = 75;     // draft-abraitis-bgp-version-capability

struct bgp_peer {
  std::uint32_t as = 0;
  std::string_view host;
  std::string_view software;
};

void read_bgp_capabilities(byte_reader read, bgp_peer& peer) {
  while (read.ok() && read.left() > 0) {
    auto code = read.u8();
    byte_reader value(read.take(read.u8()));
    if (code == bgp_wide_as && value.left() == 4) peer.as = value.be32();
    if (code == bgp_name) peer.host = value.take(value.u8());
    if (code == bgp_software) peer.software = value.take(value.u8());
  }
}

std::string bgp_address(std::uint32_t id) {
  return fmt::format("{}.{}.{}.{}", id >> 24U, id >> 16U & 0xFFU, id >> 8U & 0xFFU, id & 0xFFU);
}

std::optional<recognition> read_bgp_open(byte_reader read) {
  auto version = read.u8();
  bgp_peer peer;
  peer.as = read.be16();
  auto hold = read.be16();
  auto id = read.be32();
  auto size = read.u8();
  bool plausible = version == 4 && (hold == 0 || hold >= 3) && id != 0 && read.left() == size;
  if (!read.ok() || !plausible) return std::nullopt;
  while (read.left() > 0) {
    auto type = read.u8();
    byte_reader value(read.take(read.u8()));
    if (!read.ok()) return std::nullopt;
    if (type == bgp_capabilities) read_bgp_capabilities(value, peer);
  }
  auto known = proven_service("bgp");
  auto& facts = known.service.facts;
  facts.push_back({"protocol-version", "4"});
  facts.push_back({"as", std::to_string(peer.as)});
  facts.push_back({"router-id", bgp_address(id)});
  facts.push_back({"hold-time", std::to_string(hold)});
  if (!peer.host.empty()) facts.push_back({"hostname", std::string(peer.host)});
  if (!peer.software.empty()) facts.push_back({"software", std::string(peer.software)});
  auto software = split_version(peer.software, '/');
  if (!software.version.empty()) {
    known.service.product = software.product;
    known.service.version = software.version;
  }
  return known;
}

std::optional<recognition> read_bgp_notification(byte_reader read) {
  auto code = read.u8();
  auto detail = read.u8();
  if (!read.ok() || code == 0 || code > 8) return std::nullopt;
  auto known = proven_service("bgp");
  auto text = fmt::format("{}/{}", code, detail);
  known.service.facts.push_back({"notification", text});
  return known;
}

/// The first message. A peer opens at once, or sends the reason why it does not.
std::optional<recognition> recognise_bgp(std::string_view said) {
  byte_reader read(said);
  auto marker = read.take(bgp_marker);
  auto size = read.be16();
  auto type = read.u8();
  bool marked = marker.find_first_not_of('\xFF') == std::string_view::npos;
  bool sized = size > bgp_header && size <= bgp_most && said.size() >= size;
  if (!read.ok() || !marked || !sized) return std::nullopt;
  byte_reader body(said.substr(bgp_header, size - bgp_header));
  if (type == bgp_open) return read_bgp_open(body);
  if (type == bgp_notification) return read_bgp_notification(body);
  return std::nullopt;
}

}  // namespace

constinit const protocol_module bgp_module{
    .name = "bgp", .hinted_ports = bgp_ports, .recognise = recognise_bgp, .one_client = true};

}  // namespace sonde::scanner::modules
