#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

#include <algorithm>

namespace sonde::scanner::modules {
namespace {

// Java Remote Method Invocation Specification, section 10.2 (RMI transport protocol).
constexpr std::uint16_t rmi_ports[] = {1099, 1098, 1090, 1100, 7199, 8686, 9010, 11099};
/// `JRMI`, version 2, stream protocol.
constexpr std::string_view rmi_request{"JRMI\0\x02\x4B", 7};
constexpr std::uint8_t rmi_acknowledged = 0x4E;
constexpr std::size_t rmi_longest_host = 255;

bool is_rmi_host(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    bool digit = c >= '0' && c <= '9';
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return digit || letter || c == '.' || c == ':' || c == '-' || c == '_' || c == '%';
  });
}

/// The server repeats where the client comes from: its host and port. Then the server waits.
talk_step read_rmi(std::string_view response, const talk_context&) {
  byte_reader read(response);
  auto code = read.u8();
  if (read.ok() && code != rmi_acknowledged) return talk_step::not_ours();
  auto size = read.be16();
  if (read.ok() && (size == 0 || size > rmi_longest_host)) return talk_step::not_ours();
  auto host = read.take(size);
  auto port = read.be32();
  if (!read.ok()) return talk_step::incomplete();
  bool whole = is_rmi_host(host) && port > 0 && port <= 0xFFFF && read.left() == 0;
  return whole ? talk_step::is(proven_service("rmi")) : talk_step::not_ours();
}

std::unique_ptr<protocol_talk> talk_rmi(const talk_context& context) {
  return std::make_unique<one_exchange>(std::string(rmi_request), read_rmi, context);
}

}  // namespace

constinit const protocol_module rmi_module{
    .name = "rmi", .hinted_ports = rmi_ports, .talk = talk_rmi};

}  // namespace sonde::scanner::modules
