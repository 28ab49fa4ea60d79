#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

namespace sonde::scanner::modules {
namespace {

// RFC 9113, sections 3.4 (preface), 4.1 (frames) and 6.5 (SETTINGS). Integers are big-endian.
constexpr std::uint16_t h2c_ports[] = {50051};
/// The preface, and SETTINGS without a setting.
constexpr std::string_view h2c_request{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
                                       24 + 9};
constexpr std::uint8_t h2c_settings = 4;
constexpr std::uint32_t h2c_setting = 6;  // bytes of one setting
constexpr std::uint32_t h2c_most = 64 * h2c_setting;

/// Returns true if a setting has a value that section 6.5.2 allows. Unknown ones may have any.
bool is_h2c_setting(std::uint16_t name, std::uint32_t value) {
  switch (name) {
    case 0: return false;
    case 2:
    case 8: return value <= 1;
    case 4: return value <= 0x7FFFFFFF;
    case 5: return value >= 0x4000 && value <= 0xFFFFFF;
    default: return true;
  }
}

/// The first frame of each server is SETTINGS, without flags and of the whole connection.
talk_step read_h2c_settings(std::string_view response) {
  byte_reader read(response);
  auto size = read.be24();
  if (read.ok() && (size % h2c_setting != 0 || size > h2c_most)) return talk_step::not_ours();
  auto type = read.u8();
  if (read.ok() && type != h2c_settings) return talk_step::not_ours();
  auto flags = read.u8();
  auto stream = read.be32();
  if (read.ok() && (flags != 0 || stream != 0)) return talk_step::not_ours();
  byte_reader settings(read.take(size));
  if (!read.ok()) return talk_step::incomplete();
  while (settings.left() > 0) {
    auto name = settings.be16();
    if (!is_h2c_setting(name, settings.be32())) return talk_step::not_ours();
  }
  auto known = proven_service("http");
  known.service.facts.push_back({"protocol-version", "2"});
  return talk_step::is(std::move(known));
}

talk_step read_h2c(std::string_view response, const talk_context&) {
  return read_h2c_settings(response);
}

/// SETTINGS sent unasked. Empty ones are nine bytes that are almost zero, and prove nothing.
std::optional<recognition> recognise_h2c(std::string_view said) {
  if (said.size() < 3 || said.substr(0, 3) == std::string_view("\0\0\0", 3)) return std::nullopt;
  auto step = read_h2c_settings(said);
  if (step.what != talk_step::kind::known) return std::nullopt;
  return std::move(step.known);
}

std::unique_ptr<protocol_talk> talk_h2c(const talk_context& context) {
  return std::make_unique<one_exchange>(std::string(h2c_request), read_h2c, context);
}

}  // namespace

constinit const protocol_module h2c_module{
    .name = "h2c", .hinted_ports = h2c_ports, .recognise = recognise_h2c, .talk = talk_h2c};

}  // namespace sonde::scanner::modules
