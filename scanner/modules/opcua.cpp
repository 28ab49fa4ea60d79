#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

#include <fmt/core.h>

namespace sonde::scanner::modules {
namespace {

// OPC 10000-6, section 7.1.2: Hello, Acknowledge and Error of OPC UA Connection Protocol. Integers
// are little-endian. No secure channel is opened.
constexpr std::uint16_t opcua_ports[] = {4840};
constexpr std::string_view opcua_acknowledge = "ACKF";
constexpr std::string_view opcua_error = "ERRF";
constexpr std::size_t opcua_header = 8;  // type, size of the message
constexpr std::size_t opcua_acknowledge_size = 28;
constexpr std::size_t opcua_error_size = 16;  // and the reason's text
constexpr std::size_t opcua_longest_reason = 4096;
constexpr std::uint32_t opcua_buffer = 65536;
constexpr std::uint32_t opcua_least_buffer = 1024;
constexpr std::uint32_t opcua_no_text = 0xFFFFFFFF;

std::string opcua_hello(const talk_context& context) {
  bool bare = context.host_is_name || context.host.find(':') == std::string::npos;
  auto host = bare ? context.host : "[" + context.host + "]";
  auto url = fmt::format("opc.tcp://{}:{}", host, context.port);
  byte_writer body;
  body.le32(0).le32(opcua_buffer).le32(opcua_buffer).le32(0).le32(0);
  auto fields = body.le32(static_cast<std::uint32_t>(url.size())).text(url).take();
  auto size = static_cast<std::uint32_t>(opcua_header + fields.size());
  return byte_writer().text("HELF").le32(size).text(fields).take();
}

talk_step read_opcua_acknowledge(byte_reader read) {
  auto version = read.le32();
  auto receive_buffer = read.le32();
  auto send_buffer = read.le32();
  bool good = receive_buffer >= opcua_least_buffer && send_buffer >= opcua_least_buffer;
  if (!good || version > 0xFF) return talk_step::not_ours();
  auto known = proven_service("opcua");
  known.service.facts.push_back({"protocol-version", std::to_string(version)});
  return talk_step::is(std::move(known));
}

/// A status code of bad severity (OPC 10000-4, section 7.39) and a reason.
talk_step read_opcua_error(byte_reader read) {
  auto code = read.le32();
  auto size = read.le32();
  auto reason = read.rest();
  bool sized = size == opcua_no_text ? reason.empty() : reason.size() == size;
  bool bad = (code & 0xC000FFFFU) == 0x80000000U;
  if (!sized || !bad) return talk_step::not_ours();
  auto known = proven_service("opcua");
  if (!reason.empty()) known.service.facts.push_back({"error", std::string(reason)});
  return talk_step::is(std::move(known));
}

talk_step read_opcua(std::string_view response, const talk_context&) {
  auto type = response.substr(0, opcua_error.size());
  bool acknowledged = opcua_acknowledge.starts_with(type);
  if (!acknowledged && !opcua_error.starts_with(type)) return talk_step::not_ours();
  if (response.size() < opcua_header) return talk_step::incomplete();
  byte_reader read(response.substr(type.size()));
  std::size_t size = read.le32();
  bool fits = acknowledged
                  ? size == opcua_acknowledge_size
                  : size >= opcua_error_size && size <= opcua_error_size + opcua_longest_reason;
  if (!fits) return talk_step::not_ours();
  if (response.size() < size) return talk_step::incomplete();
  byte_reader fields(read.take(size - opcua_header));
  return acknowledged ? read_opcua_acknowledge(fields) : read_opcua_error(fields);
}

/// Servers answer bytes that are no message of theirs with an error.
std::optional<recognition> recognise_opcua(std::string_view banner) {
  if (!banner.starts_with(opcua_error)) return std::nullopt;
  auto step = read_opcua(banner, {});
  if (step.what != talk_step::kind::known) return std::nullopt;
  return std::move(step.known);
}

std::unique_ptr<protocol_talk> talk_opcua(const talk_context& context) {
  return std::make_unique<one_exchange>(opcua_hello(context), read_opcua, context);
}

}  // namespace

constinit const protocol_module opcua_module{.name = "opcua",
                                             .hinted_ports = opcua_ports,
                                             .recognise = recognise_opcua,
                                             .talk = talk_opcua,
                                             .risk = request_risk::industrial};

}  // namespace sonde::scanner::modules
