#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

#include <array>

namespace sonde::scanner::modules {
namespace {

// MS-RDPBCGR, sections 2.2.1.1 and 2.2.1.2: TPKT (RFC 1006), X.224, then the security negotiation.
constexpr std::uint16_t rdp_ports[] = {3389, 3388, 33890};
/// Connection request; the client offers TLS and CredSSP.
constexpr std::string_view rdp_request{"\x03\0\0\x13\x0E\xE0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0", 19};
constexpr std::uint32_t rdp_tpkt = 0x03000013;  // version 3, length 19
constexpr std::uint16_t rdp_confirm = 0x0ED0;   // length 14, connection confirm
constexpr std::uint8_t rdp_negotiated = 2;      // RDP_NEG_RSP
constexpr std::uint8_t rdp_not_negotiated = 3;  // RDP_NEG_FAILURE
constexpr std::uint16_t rdp_negotiation_size = 8;

constexpr std::array<std::string_view, 3> rdp_security = {"rdp", "tls", "credssp"};
/// By failure code, which begins with 1.
constexpr std::array<std::string_view, 6> rdp_failures = {
    "tls-required",       "tls-not-allowed",  "certificate-missing",
    "inconsistent-flags", "credssp-required", "tls-with-user-authentication-required"};

/// A bare connection confirm is not enough: each server of ISO transport over TCP sends it.
talk_step read_rdp(std::string_view response, const talk_context&) {
  byte_reader read(response);
  auto tpkt = read.be32();
  if (read.ok() && tpkt != rdp_tpkt) return talk_step::not_ours();
  auto confirm = read.be16();
  if (read.ok() && confirm != rdp_confirm) return talk_step::not_ours();
  read.be32();  // references of both sides
  read.u8();    // transport class
  auto type = read.u8();
  read.u8();  // flags
  if (read.ok() && type != rdp_negotiated && type != rdp_not_negotiated) {
    return talk_step::not_ours();
  }
  auto size = read.le16();
  if (read.ok() && size != rdp_negotiation_size) return talk_step::not_ours();
  auto value = read.le32();
  if (!read.ok()) return talk_step::incomplete();
  auto known = proven_service("rdp");
  bool negotiated = type == rdp_negotiated;
  if (negotiated) {
    if (value >= rdp_security.size()) return talk_step::not_ours();
    known.service.facts.push_back({"security", std::string(rdp_security[value])});
  } else {
    if (value == 0 || value > rdp_failures.size()) return talk_step::not_ours();
    known.service.facts.push_back({"negotiation-failure", std::string(rdp_failures[value - 1])});
  }
  auto out = talk_step::is(std::move(known));
  // TLS and CredSSP both begin with a ClientHello (MS-RDPBCGR, section 5.4.5).
  out.start_tls = negotiated && value != 0;
  return out;
}

std::unique_ptr<protocol_talk> talk_rdp(const talk_context& context) {
  return std::make_unique<one_exchange>(std::string(rdp_request), read_rdp, context);
}

}  // namespace

constinit const protocol_module rdp_module{
    .name = "rdp", .hinted_ports = rdp_ports, .talk = talk_rdp, .asked_anywhere = true};

}  // namespace sonde::scanner::modules
