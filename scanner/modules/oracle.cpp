#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

#include <charconv>

namespace sonde::scanner::modules {
namespace {

// Transparent Network Substrate. It has no public specification; the fields are as Wireshark's
// packet-tns.c names them. Integers are big-endian.
constexpr std::uint16_t oracle_ports[] = {1521, 1522, 1523, 1525, 1526, 1527, 1529, 2483, 2484};
constexpr std::size_t oracle_header = 8;
constexpr std::uint8_t oracle_connect = 1;
constexpr std::uint8_t oracle_accept = 2;
constexpr std::uint8_t oracle_refuse = 4;
constexpr std::uint8_t oracle_redirect = 5;
constexpr std::uint8_t oracle_data = 6;
constexpr std::uint8_t oracle_resend = 11;

std::string oracle_request() {
  constexpr std::string_view command = "(CONNECT_DATA=(COMMAND=VERSION))";
  constexpr std::uint16_t before = 58;  // where the command begins
  constexpr auto size = static_cast<std::uint16_t>(command.size());
  byte_writer out;
  out.be16(static_cast<std::uint16_t>(before + size)).be16(0).u8(oracle_connect).u8(0).be16(0);
  // Version 310, compatible with 300; no options; sizes of units; protocol characteristics.
  out.be16(310).be16(300).be16(0).be16(2048).be16(0x7FFF).be16(0x7F08).be16(0).be16(1);
  out.be16(size).be16(before);
  return out.zeros(before - out.size()).text(command).take();
}

/// The next packet of a response; its body only if it is whole.
struct oracle_packet {
  talk_step::kind what = talk_step::kind::foreign;  ///< `more`, `foreign`, or `known`
  std::uint8_t type = 0;
  std::string_view body;
};

oracle_packet next_oracle_packet(byte_reader& read) {
  byte_reader head(read.rest());
  auto size = head.be16();
  if (head.ok() && size < oracle_header) return {};
  auto checksum = head.be16();
  if (head.ok() && checksum != 0) return {};
  auto type = head.u8();
  bool answer = type == oracle_accept || type == oracle_refuse || type == oracle_redirect ||
                type == oracle_data || type == oracle_resend;
  if (head.ok() && !answer) return {};
  if (!head.ok() || read.left() < size) return {talk_step::kind::more, 0, {}};
  return {talk_step::kind::known, type, read.take(size).substr(oracle_header)};
}

/// Decodes `(VSNNUM=186647040)`, 0x0B200200: 11.2.0.2.0. Since 18 the fields have other widths.
std::string oracle_version(std::string_view text) {
  constexpr std::string_view key = "(VSNNUM=";
  auto at = text.find(key);
  if (at == std::string_view::npos) return {};
  auto digits = text.substr(at + key.size());
  std::uint32_t number = 0;
  const char* last = digits.data() + digits.size();
  auto read = std::from_chars(digits.data(), last, number);
  if (read.ec != std::errc() || read.ptr == last || *read.ptr != ')' || number == 0) return {};
  auto part = [number](unsigned shift, unsigned mask) {
    return std::to_string(number >> shift & mask);
  };
  auto major = part(24, 0xFF) + ".";
  if ((number >> 24U) >= 18) {
    return major + part(16, 0xFF) + "." + part(12, 0xF) + "." + part(4, 0xFF) + "." + part(0, 0xF);
  }
  return major + part(20, 0xF) + "." + part(12, 0xFF) + "." + part(8, 0xF) + "." + part(0, 0xFF);
}

/// `TNSLSNR for Linux: Version 11.2.0.2.0 - Production`.
std::string_view oracle_banner_version(std::string_view text) {
  constexpr std::string_view key = ": Version ";
  auto listener = text.find("TNSLSNR for ");
  auto at = listener == std::string_view::npos ? listener : text.find(key, listener);
  if (at == std::string_view::npos) return {};
  auto version = text.substr(at + key.size());
  return version.substr(0, version.find_first_not_of("0123456789."));
}

void note_oracle_version(std::string_view text, model::service_observation& service) {
  service.version = oracle_version(text);
  if (service.version.empty()) service.version = oracle_banner_version(text);
  // Only Oracle's listener sends either.
  if (!service.version.empty()) service.product = "Oracle Database";
}

/// A text after `before` other bytes and its length. Nothing if the length is wrong.
std::optional<std::string_view> oracle_text(std::string_view body, std::size_t before) {
  byte_reader read(body);
  read.take(before);
  auto size = read.be16();
  auto text = read.take(size);
  if (!read.ok() || read.left() > 0) return std::nullopt;
  return text;
}

class oracle_talk final : public protocol_talk {
 public:
  [[nodiscard]] std::string begin() override { return oracle_request(); }

  [[nodiscard]] talk_step receive(std::string_view response) override {
    byte_reader read(response);
    do {
      auto packet = next_oracle_packet(read);
      if (packet.what == talk_step::kind::more) return talk_step::incomplete();
      if (packet.what == talk_step::kind::foreign) return ended(response);
      auto step = take(packet);
      if (step.what != talk_step::kind::more) return step;
    } while (read.left() > 0);
    return talk_step::incomplete();
  }

  [[nodiscard]] talk_step ended(std::string_view) override {
    return accepted_ ? talk_step::is(known_) : talk_step::not_ours();
  }

 private:
  talk_step take(const oracle_packet& packet) {
    if (packet.type == oracle_resend) {
      if (resent_ || !packet.body.empty()) return ended({});
      resent_ = true;
      return talk_step::send(oracle_request());
    }
    known_ = proven_service("oracle");
    if (packet.type == oracle_accept) {
      // Version 3.xx, and the offset of the data, which is the packet's size or less.
      byte_reader read(packet.body);
      auto version = read.be16();
      accepted_ = version >= 300 && version < 400 && packet.body.size() >= 16;
      return accepted_ ? talk_step::incomplete() : talk_step::not_ours();
    }
    if (packet.type == oracle_data) {
      if (!accepted_) return talk_step::not_ours();
      note_oracle_version(packet.body, known_.service);
      return known_.service.version.empty() ? talk_step::incomplete() : talk_step::is(known_);
    }
    // A refusal has two reasons before its length, a redirection has none.
    auto text = oracle_text(packet.body, packet.type == oracle_refuse ? 2 : 0);
    if (!text || (!text->empty() && !text->starts_with('('))) return ended({});
    if (packet.type == oracle_refuse) note_oracle_version(*text, known_.service);
    return talk_step::is(known_);
  }

  bool resent_ = false;
  bool accepted_ = false;
  recognition known_;
};

/// The refusal of another protocol's request.
std::optional<recognition> recognise_oracle(std::string_view said) {
  byte_reader read(said);
  auto packet = next_oracle_packet(read);
  if (packet.what != talk_step::kind::known || packet.type != oracle_refuse) return std::nullopt;
  auto text = oracle_text(packet.body, 2);
  if (!text || !text->starts_with("(DESCRIPTION=")) return std::nullopt;
  auto known = proven_service("oracle");
  note_oracle_version(*text, known.service);
  return known;
}

std::unique_ptr<protocol_talk> talk_oracle(const talk_context&) {
  return std::make_unique<oracle_talk>();
}

}  // namespace

constinit const protocol_module oracle_module{.name = "oracle",
                                              .hinted_ports = oracle_ports,
                                              .recognise = recognise_oracle,
                                              .talk = talk_oracle};

}  // namespace sonde::scanner::modules
