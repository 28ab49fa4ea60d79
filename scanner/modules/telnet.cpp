#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

#include <array>

namespace sonde::scanner::modules {
namespace {

// Telnet commands (RFC 854), each after the byte IAC.
constexpr std::uint16_t telnet_ports[] = {23, 2323, 992};
constexpr unsigned char telnet_iac = 0xFF;
constexpr unsigned char telnet_se = 0xF0;
constexpr unsigned char telnet_ga = 0xF9;
constexpr unsigned char telnet_sb = 0xFA;
constexpr unsigned char telnet_will = 0xFB;
constexpr unsigned char telnet_dont = 0xFE;

constexpr std::array<std::string_view, 4> telnet_verbs = {"will", "wont", "do", "dont"};

constexpr std::array<known_product, 2> telnet_servers = {{
    {"Microsoft Telnet Service", "Microsoft Telnet Service"},
    {"MikroTik v", "MikroTik RouterOS"},
}};

unsigned char telnet_byte(std::string_view said, std::size_t at) {
  return static_cast<unsigned char>(said[at]);
}

/// IANA's options 0 to 49, 138 to 140 and 255, and the ones of multi-user games.
bool is_telnet_option(unsigned char option) {
  return option <= 93 || (option >= 138 && option <= 140) || option == 200 || option == 201 ||
         option == 255;
}

bool is_telnet_request(std::string_view said) {
  return said.size() >= 3 && telnet_byte(said, 0) == telnet_iac &&
         telnet_byte(said, 1) >= telnet_will && telnet_byte(said, 1) <= telnet_dont &&
         is_telnet_option(telnet_byte(said, 2));
}

/// The size of the command at the front. Zero: there is none, or it is unfinished.
std::size_t telnet_command(std::string_view said) {
  if (is_telnet_request(said)) return 3;
  if (said.size() < 2 || telnet_byte(said, 0) != telnet_iac) return 0;
  auto verb = telnet_byte(said, 1);
  if ((verb >= telnet_se && verb <= telnet_ga) || verb == telnet_iac) return 2;
  if (verb != telnet_sb) return 0;
  auto end = said.find("\xFF\xF0", 2);
  return end == std::string_view::npos ? 0 : end + 2;
}

/// `do 24, will 1`: the options that the server requests and offers, in its order.
std::string telnet_options(std::string_view said) {
  std::string out;
  while (!said.empty()) {
    if (is_telnet_request(said)) {
      if (!out.empty()) out += ", ";
      out += telnet_verbs[static_cast<std::size_t>(telnet_byte(said, 1) - telnet_will)];
      out += ' ';
      out += std::to_string(telnet_byte(said, 2));
    }
    auto size = telnet_command(said);
    if (size == 0 && telnet_byte(said, 0) == telnet_iac) break;
    said.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

/// Negotiation begins with the first byte. Plain text alone is no proof.
std::optional<recognition> recognise_telnet(std::string_view said) {
  if (!is_telnet_request(said)) return std::nullopt;
  auto out = text_service("telnet", said);
  auto options = telnet_options(said);
  // Three bytes may be chance.
  bool several = options.find(',') != std::string::npos;
  out.service.sure = several ? model::confidence::proven : model::confidence::likely;
  out.complete = true;
  out.masked = mask_ids(mask_times(said));
  find_product(said, telnet_servers, out.service);
  out.service.facts.push_back({"options", std::move(options)});
  return out;
}

}  // namespace

constinit const protocol_module telnet_module{
    .name = "telnet", .hinted_ports = telnet_ports, .recognise = recognise_telnet};

}  // namespace sonde::scanner::modules
