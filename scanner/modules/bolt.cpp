#include "base/ascii.hpp"
#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace sonde::scanner::modules {
namespace {

// Bolt protocol, "Bolt handshake" and "Message specification". From version 5.1 on HELLO carries no
// credentials (LOGON does, and is not sent); the server then names itself in its answer.
constexpr std::uint16_t bolt_ports[] = {7687};
constexpr std::size_t bolt_answer = 4;
constexpr std::uint32_t bolt_magic = 0x6060B017;
constexpr std::uint8_t bolt_success = 0x70;
constexpr std::size_t bolt_most = 8 * 1024;

/// A version proposed, and how many minor versions below it as well.
struct bolt_offer {
  std::uint8_t below;
  std::uint8_t minor_version;
  std::uint8_t major_version;
};
constexpr bolt_offer bolt_offers[] = {{4, 4, 5}, {2, 4, 4}, {0, 1, 4}, {0, 0, 3}};

bool bolt_was_offered(std::uint8_t major_version, std::uint8_t minor_version) {
  return std::ranges::any_of(bolt_offers, [&](const bolt_offer& offer) {
    return offer.major_version == major_version && minor_version <= offer.minor_version &&
           minor_version + offer.below >= offer.minor_version;
  });
}

/// A string in PackStream, shorter than 256 bytes.
std::string bolt_text(std::string_view text) {
  auto part = text.substr(0, 0xFF);
  return byte_writer().u8(0xD0).u8(static_cast<std::uint8_t>(part.size())).text(part).take();
}

/// HELLO with `user_agent` and, as 5.3 asks, `bolt_agent.product`; in one chunk.
std::string bolt_hello(const std::string& agent) {
  auto message = byte_writer()
                     .u8(0xB1)
                     .u8(0x01)
                     .u8(0xA2)
                     .text(bolt_text("user_agent"))
                     .text(bolt_text(agent))
                     .text(bolt_text("bolt_agent"))
                     .u8(0xA1)
                     .text(bolt_text("product"))
                     .text(bolt_text(agent))
                     .take();
  auto size = static_cast<std::uint16_t>(message.size());
  return byte_writer().be16(size).text(message).be16(0).take();
}

/// The value of `server` in SUCCESS, found by its bytes. Empty: there is none.
std::string_view bolt_server(std::string_view message) {
  constexpr std::string_view key = "\x86server";
  auto at = message.find(key);
  if (at == std::string_view::npos) return {};
  byte_reader read(message.substr(at + key.size()));
  auto marker = read.u8();
  std::size_t size = 0;
  if (marker >= 0x80 && marker <= 0x8F) {
    size = marker & 0x0FU;
  } else if (marker == 0xD0) {
    size = read.u8();
  } else {
    return {};
  }
  return read.take(size);
}

class bolt_talk final : public protocol_talk {
 public:
  explicit bolt_talk(std::string agent) : agent_(std::move(agent)) {}

  [[nodiscard]] std::string begin() override {
    auto out = byte_writer().be32(bolt_magic);
    for (const auto& offer : bolt_offers)
      out.u8(0).u8(offer.below).u8(offer.minor_version).u8(offer.major_version);
    return out.take();
  }

  [[nodiscard]] talk_step receive(std::string_view response) override {
    return proven_ ? named(response) : agreed(response);
  }

  [[nodiscard]] talk_step ended(std::string_view) override {
    return proven_ ? talk_step::is(known_) : talk_step::not_ours();
  }

 private:
  talk_step agreed(std::string_view response) {
    bool ours = std::string_view("\0\0", 2).starts_with(response.substr(0, 2));
    if (!ours || response.size() > bolt_answer) return talk_step::not_ours();
    if (response.size() < bolt_answer) return talk_step::incomplete();
    byte_reader read(response);
    read.be16();
    auto minor_version = read.u8();
    auto major_version = read.u8();
    if (!bolt_was_offered(major_version, minor_version)) return talk_step::not_ours();
    proven_ = true;
    known_ = proven_service("bolt");
    auto version = fmt::format("{}.{}", major_version, minor_version);
    known_.service.facts.push_back({"protocol-version", version});
    bool hello = major_version == 5 && minor_version >= 1;
    return hello ? talk_step::send(bolt_hello(agent_)) : talk_step::is(known_);
  }

  talk_step named(std::string_view response) {
    byte_reader read(response);
    auto size = read.be16();
    auto message = read.take(size);
    auto more = read.be16();  // the size of the next chunk; zero ends the message
    if (!read.ok()) return size > bolt_most ? ended(response) : talk_step::incomplete();
    byte_reader head(message);
    bool success = head.u8() == 0xB1 && head.u8() == bolt_success;
    if (!success || more != 0) return ended(response);
    auto server = bolt_server(message);
    if (ascii::contains_ignoring_case(server, "memgraph")) {
      known_.service.product = "Memgraph";
    } else if (server.starts_with("Neo4j/")) {
      auto said = split_version(server, '/');
      known_.service.product = said.product;
      known_.service.version = said.version;
    }
    if (!server.empty()) known_.service.facts.push_back({"server", std::string(server)});
    return talk_step::is(known_);
  }

  std::string agent_;
  bool proven_ = false;
  recognition known_;
};

std::unique_ptr<protocol_talk> talk_bolt(const talk_context& context) {
  return std::make_unique<bolt_talk>(context.user_agent);
}

}  // namespace

constinit const protocol_module bolt_module{
    .name = "bolt", .hinted_ports = bolt_ports, .talk = talk_bolt};

}  // namespace sonde::scanner::modules
