#include "scanner/modules/module.hpp"

namespace sonde::scanner::modules {
namespace {

// Apache JServ Protocol 1.3 (Tomcat Connectors, "AJPv13"): CPing and CPong.
constexpr std::uint16_t ajp_ports[] = {8009};
constexpr std::string_view ajp_ping{"\x12\x34\0\x01\x0A", 5};
constexpr std::string_view ajp_pong{"AB\0\x01\x09", 5};

talk_step read_ajp(std::string_view response, const talk_context&) {
  if (ajp_pong.starts_with(response)) {
    return response.size() < ajp_pong.size() ? talk_step::incomplete()
                                             : talk_step::is(proven_service("ajp"));
  }
  return talk_step::not_ours();
}

std::unique_ptr<protocol_talk> talk_ajp(const talk_context& context) {
  return std::make_unique<one_exchange>(std::string(ajp_ping), read_ajp, context);
}

}  // namespace

constinit const protocol_module ajp_module{
    .name = "ajp", .hinted_ports = ajp_ports, .talk = talk_ajp};

}  // namespace sonde::scanner::modules
