#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

#include <fmt/core.h>

namespace sonde::scanner::modules {
namespace {

// AMQP 0-9-1, sections 4.2.2 (protocol header), 4.2.3 (frames), 4.2.5.5 (tables), and the method
// connection.start.
constexpr std::uint16_t amqp_ports[] = {5672, 5671};
constexpr std::string_view amqp_word = "AMQP";
constexpr std::size_t amqp_header = 8;
constexpr std::string_view amqp_header_091{"AMQP\0\0\x09\x01", amqp_header};
constexpr std::size_t amqp_frame_head = 7;
constexpr std::uint32_t amqp_most = 64 * 1024;
constexpr std::uint8_t amqp_method_frame = 1;
constexpr std::uint8_t amqp_frame_end = 0xCE;
constexpr std::uint32_t amqp_connection_start = 0x000A000A;  // class 10, method 10

/// The protocol that a header names: `0-9-1`, `0-10`, `1.0`. Empty: none that exists.
std::string_view amqp_version(std::string_view header) {
  byte_reader read(header);
  if (header.size() < amqp_header || read.take(amqp_word.size()) != amqp_word) return {};
  switch (read.be32()) {
    case 0x00000901: return "0-9-1";
    case 0x00000900: return "0-9";
    case 0x01010800: return "0-8";
    case 0x01010009: return "0-9";
    case 0x0101000A: return "0-10";
    case 0x00010000:
    case 0x02010000:
    case 0x03010000: return "1.0";
    default: return {};
  }
}

/// A server that does not accept the client's header answers with the one that it accepts.
recognition amqp_header_known(std::string_view version) {
  auto known = proven_service("amqp");
  known.service.facts.push_back({"protocol-version", std::string(version)});
  return known;
}

std::optional<recognition> recognise_amqp(std::string_view said) {
  auto version = amqp_version(said);
  if (version.empty()) return std::nullopt;
  return amqp_header_known(version);
}

/// Skips a table's value of this type; false: the type is unknown or the value is cut off. Types as
/// RabbitMQ writes them ("AMQP 0-9-1 Errata", section 3).
bool skip_amqp_value(byte_reader& read, char type) {
  switch (type) {
    case 'V': return true;
    case 't':
    case 'b':
    case 'B': read.take(1); return read.ok();
    case 's':
    case 'u':
    case 'U': read.take(2); return read.ok();
    case 'I':
    case 'i':
    case 'f': read.take(4); return read.ok();
    case 'D': read.take(5); return read.ok();
    case 'l':
    case 'L':
    case 'd':
    case 'T': read.take(8); return read.ok();
    case 'S':
    case 'x':
    case 'A':
    case 'F': read.take(read.be32()); return read.ok();
    default: return false;
  }
}

/// Takes what the server-properties say of the product. False: this is no table.
bool note_amqp_properties(std::string_view table, model::service_observation& service) {
  byte_reader read(table);
  while (read.left() > 0) {
    auto name = read.take(read.u8());
    auto type = static_cast<char>(read.u8());
    auto before = read.rest();
    if (!read.ok() || !skip_amqp_value(read, type)) return false;
    if (type != 'S') continue;
    auto value = before.substr(0, before.size() - read.left()).substr(4);
    if (name == "product") service.product = value;
    if (name == "version") service.version = value;
    if (name == "platform") service.facts.push_back({"platform", std::string(value)});
    if (name == "cluster_name") service.facts.push_back({"cluster", std::string(value)});
  }
  return true;
}

/// The arguments of connection.start: version, server-properties, mechanisms, locales.
talk_step read_amqp_start(std::string_view payload) {
  byte_reader read(payload);
  if (read.be32() != amqp_connection_start) return talk_step::not_ours();
  auto high = read.u8();
  auto low = read.u8();
  auto table = read.take(read.be32());
  auto mechanisms = read.take(read.be32());
  read.take(read.be32());
  if (!read.ok() || read.left() > 0 || high > 1) return talk_step::not_ours();
  auto known = proven_service("amqp");
  if (!note_amqp_properties(table, known.service)) return talk_step::not_ours();
  // connection.start calls the version 0-9-1 0-9.
  auto version = high == 0 && low == 9 ? std::string("0-9-1") : fmt::format("{}-{}", high, low);
  known.service.facts.push_back({"protocol-version", version});
  known.service.facts.push_back({"mechanisms", std::string(mechanisms)});
  return talk_step::is(std::move(known));
}

talk_step read_amqp(std::string_view response, const talk_context&) {
  if (response.empty()) return talk_step::incomplete();
  auto head = response.substr(0, amqp_word.size());
  if (amqp_word.starts_with(head)) {
    if (response.size() < amqp_header) return talk_step::incomplete();
    // The request's own header comes back from an echo server only.
    auto version = amqp_version(response);
    if (version.empty() || response.starts_with(amqp_header_091)) return talk_step::not_ours();
    return talk_step::is(amqp_header_known(version));
  }
  byte_reader read(response);
  if (read.u8() != amqp_method_frame) return talk_step::not_ours();
  if (response.size() < amqp_frame_head) return talk_step::incomplete();
  auto channel = read.be16();
  auto size = read.be32();
  if (channel != 0 || size < 4 || size > amqp_most) return talk_step::not_ours();
  if (read.left() < size + 1) return talk_step::incomplete();
  auto payload = read.take(size);
  if (read.u8() != amqp_frame_end) return talk_step::not_ours();
  return read_amqp_start(payload);
}

std::unique_ptr<protocol_talk> talk_amqp(const talk_context& context) {
  return std::make_unique<one_exchange>(std::string(amqp_header_091), read_amqp, context);
}

}  // namespace

constinit const protocol_module amqp_module{
    .name = "amqp", .hinted_ports = amqp_ports, .recognise = recognise_amqp, .talk = talk_amqp};

}  // namespace sonde::scanner::modules
