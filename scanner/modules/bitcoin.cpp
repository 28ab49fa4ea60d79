#include "base/hash.hpp"
#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

#include <algorithm>
#include <array>

namespace sonde::scanner::modules {
namespace {

// Bitcoin's P2P protocol, "version": the network, a command of twelve bytes, size and checksum of
// the payload. Integers are little-endian.
constexpr std::uint16_t bitcoin_ports[] = {8333, 18333, 18444, 38333, 48333};
constexpr std::size_t bitcoin_head = 24;
constexpr std::size_t bitcoin_most = 4096;
constexpr std::string_view bitcoin_version("version\0\0\0\0\0", 12);

struct bitcoin_network {
  std::uint16_t port;
  std::uint32_t magic;  ///< its first byte is the highest
  std::string_view name;
};
constexpr std::array<bitcoin_network, 5> bitcoin_networks = {{
    {8333, 0xF9BEB4D9, "main"},
    {18333, 0x0B110907, "testnet3"},
    {48333, 0x1C163F28, "testnet4"},
    {38333, 0x0A03CF40, "signet"},
    {18444, 0xFABFB5DA, "regtest"},
}};

/// The network that uses this port; on other ports the main one.
const bitcoin_network& bitcoin_network_of(std::uint16_t port) {
  auto found = std::ranges::find(bitcoin_networks, port, &bitcoin_network::port);
  return found == bitcoin_networks.end() ? bitcoin_networks.front() : *found;
}

/// The first four bytes of the payload's SHA-256, hashed twice.
std::string bitcoin_checksum(std::string_view payload) {
  auto text = [](const sha256_digest& digest) {
    std::string out;
    for (auto each : digest)
      out += static_cast<char>(std::to_integer<unsigned char>(each));
    return out;
  };
  return text(sha256(text(sha256(payload)))).substr(0, 4);
}

/// A client that offers no service and asks for no transactions.
std::string bitcoin_request(const talk_context& context) {
  constexpr std::uint32_t protocol = 70015;
  constexpr std::size_t address = 26;
  constexpr std::string_view agent = "/Sonde/";
  auto payload = byte_writer()
                     .le32(protocol)
                     .le64(0)         // services
                     .le64(0)         // time
                     .zeros(address)  // of the receiver
                     .zeros(address)  // of the sender
                     .le64(context.nonce)
                     .u8(static_cast<std::uint8_t>(agent.size()))
                     .text(agent)
                     .le32(0)  // height
                     .u8(0)    // relay
                     .take();
  return byte_writer()
      .be32(bitcoin_network_of(context.port).magic)
      .text(bitcoin_version)
      .le32(static_cast<std::uint32_t>(payload.size()))
      .text(bitcoin_checksum(payload))
      .text(payload)
      .take();
}

/// `/Satoshi:25.0.0/` (BIP 14). Software that builds on another adds its name at the end:
/// `/Satoshi:25.1.0/Knots:20231115/`, `/btcwire:0.5.0/btcd:0.24.0/`.
void note_bitcoin_agent(std::string_view agent, model::service_observation& service) {
  if (agent.empty()) return;
  service.facts.push_back({"user-agent", std::string(agent)});
  if (!agent.starts_with('/') || !agent.ends_with('/') || agent.size() < 3) return;
  auto last = agent.substr(0, agent.size() - 1);
  last = last.substr(last.rfind('/') + 1);
  last = last.substr(0, last.find('('));
  auto colon = last.find(':');
  if (colon == std::string_view::npos) return;
  auto name = last.substr(0, colon);
  service.product = name == "Satoshi" ? "Bitcoin Core" : name;
  service.version = last.substr(colon + 1);
}

talk_step read_bitcoin(std::string_view response, const talk_context& context) {
  const auto& network = bitcoin_network_of(context.port);
  auto start = byte_writer().be32(network.magic).text(bitcoin_version).take();
  if (!response.starts_with(std::string_view(start).substr(0, response.size()))) {
    return talk_step::not_ours();
  }
  if (response.size() < bitcoin_head) return talk_step::incomplete();
  byte_reader read(response);
  read.take(start.size());
  auto size = read.le32();
  auto checksum = read.take(4);
  if (size > bitcoin_most) return talk_step::not_ours();
  if (read.left() < size) return talk_step::incomplete();
  auto payload = read.take(size);
  if (bitcoin_checksum(payload) != checksum) return talk_step::not_ours();
  auto known = proven_service("bitcoin");
  auto& facts = known.service.facts;
  facts.push_back({"network", std::string(network.name)});
  byte_reader fields(payload);
  facts.push_back({"protocol-version", std::to_string(fields.le32())});
  constexpr std::size_t until_nonce = 8 + 8 + 26 + 26;
  fields.take(until_nonce);
  // A nonce tells a client that it is connected to itself.
  if (fields.le64() == context.nonce) return talk_step::not_ours();
  auto agent = fields.take(fields.u8());
  if (fields.ok()) note_bitcoin_agent(agent, known.service);
  return talk_step::is(std::move(known));
}

std::unique_ptr<protocol_talk> talk_bitcoin(const talk_context& context) {
  return std::make_unique<one_exchange>(bitcoin_request(context), read_bitcoin, context);
}

}  // namespace

constinit const protocol_module bitcoin_module{
    .name = "bitcoin", .hinted_ports = bitcoin_ports, .talk = talk_bitcoin};

}  // namespace sonde::scanner::modules
