#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

#include <fmt/core.h>

namespace sonde::scanner::modules {
namespace {

// RFC 2637, sections 2.1 and 2.2. Integers are big-endian.
constexpr std::uint16_t pptp_ports[] = {1723};
constexpr std::uint16_t pptp_size = 156;
constexpr std::uint16_t pptp_control = 1;
constexpr std::uint32_t pptp_cookie = 0x1A2B3C4D;
constexpr std::uint16_t pptp_start_request = 1;
constexpr std::uint16_t pptp_start_reply = 2;
constexpr std::size_t pptp_text = 64;

/// A control connection, of a client without a name. No call is made.
std::string pptp_request() {
  byte_writer out;
  out.be16(pptp_size).be16(pptp_control).be32(pptp_cookie).be16(pptp_start_request).be16(0);
  // Version 1.0; every framing and bearer; no channels, no firmware, no host and vendor.
  out.be16(0x0100).be16(0).be32(3).be32(3).be16(0).be16(0).zeros(2 * pptp_text);
  return out.take();
}

void note_pptp_text(std::string_view name, std::string_view field,
                    model::service_observation& service) {
  auto text = field.substr(0, field.find('\0'));
  if (!text.empty()) service.facts.push_back({std::string(name), std::string(text)});
}

talk_step read_pptp(std::string_view response, const talk_context&) {
  byte_reader read(response);
  auto size = read.be16();
  if (read.ok() && size != pptp_size) return talk_step::not_ours();
  auto type = read.be16();
  if (read.ok() && type != pptp_control) return talk_step::not_ours();
  auto cookie = read.be32();
  if (read.ok() && cookie != pptp_cookie) return talk_step::not_ours();
  auto message = read.be16();
  if (read.ok() && message != pptp_start_reply) return talk_step::not_ours();
  read.be16();
  auto major = read.u8();
  auto minor = read.u8();
  read.be16();  // result and error
  read.be64();  // framing, bearer
  read.be16();  // channels
  auto firmware = read.be16();
  auto host = read.take(pptp_text);
  auto vendor = read.take(pptp_text);
  if (!read.ok()) return talk_step::incomplete();
  auto known = proven_service("pptp");
  auto& service = known.service;
  auto version = fmt::format("{}.{}", major, minor);
  service.facts.push_back({"protocol-version", version});
  note_pptp_text("hostname", host, service);
  note_pptp_text("vendor", vendor, service);
  if (firmware != 0) service.facts.push_back({"firmware", std::to_string(firmware)});
  return talk_step::is(std::move(known));
}

std::unique_ptr<protocol_talk> talk_pptp(const talk_context& context) {
  return std::make_unique<one_exchange>(pptp_request(), read_pptp, context);
}

}  // namespace

constinit const protocol_module pptp_module{
    .name = "pptp", .hinted_ports = pptp_ports, .talk = talk_pptp};

}  // namespace sonde::scanner::modules
