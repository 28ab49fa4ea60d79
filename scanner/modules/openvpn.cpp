#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

namespace sonde::scanner::modules {
namespace {

// OpenVPN's protocol over TCP: a length, then a packet of the control channel, as in
// openvpn-rfc's "Packet Formats". Integers are big-endian.
constexpr std::uint16_t openvpn_ports[] = {1194, 1195};
constexpr std::uint8_t openvpn_client_reset = 7U << 3U;  // P_CONTROL_HARD_RESET_CLIENT_V2, key 0
constexpr std::uint8_t openvpn_server_reset = 8U << 3U;  // P_CONTROL_HARD_RESET_SERVER_V2, key 0
constexpr std::size_t openvpn_least = 1 + 8 + 1 + 4 + 8 + 4;
constexpr std::size_t openvpn_most = 1500;
constexpr std::uint8_t openvpn_most_acks = 8;

std::uint64_t openvpn_session(const talk_context& context) {
  return std::uint64_t{context.nonce} << 32U | context.nonce;
}

/// The server acknowledges packet 0 of our session, and begins one of its own.
talk_step read_openvpn(std::string_view response, const talk_context& context) {
  byte_reader read(response);
  auto size = read.be16();
  if (read.ok() && (size < openvpn_least || size > openvpn_most)) return talk_step::not_ours();
  auto code = read.u8();
  if (read.ok() && code != openvpn_server_reset) return talk_step::not_ours();
  read.be64();  // the server's session
  auto acks = read.u8();
  if (read.ok() && (acks == 0 || acks > openvpn_most_acks)) return talk_step::not_ours();
  auto acknowledged = read.be32();
  read.take(4U * (acks > 0 ? acks - 1U : 0U));
  auto session = read.be64();
  auto packet = read.be32();
  bool ours = acknowledged == 0 && session == openvpn_session(context) && packet == 0;
  if (read.ok() && !ours) return talk_step::not_ours();
  if (!read.ok() || response.size() < 2U + size) return talk_step::incomplete();
  return talk_step::is(proven_service("openvpn"));
}

std::unique_ptr<protocol_talk> talk_openvpn(const talk_context& context) {
  byte_writer packet;
  // No acknowledgements; packet 0.
  packet.u8(openvpn_client_reset).be64(openvpn_session(context)).u8(0).be32(0);
  auto size = static_cast<std::uint16_t>(packet.size());
  auto request = byte_writer().be16(size).text(packet.take()).take();
  return std::make_unique<one_exchange>(std::move(request), read_openvpn, context);
}

}  // namespace

constinit const protocol_module openvpn_module{
    .name = "openvpn", .hinted_ports = openvpn_ports, .talk = talk_openvpn, .asked_anywhere = true};

}  // namespace sonde::scanner::modules
