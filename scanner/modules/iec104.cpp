#include "scanner/modules/module.hpp"

namespace sonde::scanner::modules {
namespace {

// IEC 60870-5-104, section 5.3: the U formats TESTFR act and TESTFR con. STARTDT is never sent.
constexpr std::uint16_t iec104_ports[] = {2404};
constexpr std::string_view iec104_test("\x68\x04\x43\x00\x00\x00", 6);
constexpr std::string_view iec104_confirmation("\x68\x04\x83\x00\x00\x00", 6);

talk_step read_iec104(std::string_view response, const talk_context&) {
  auto begin = response.substr(0, iec104_confirmation.size());
  if (!iec104_confirmation.starts_with(begin)) return talk_step::not_ours();
  if (begin.size() < iec104_confirmation.size()) return talk_step::incomplete();
  return talk_step::is(proven_service("iec104"));
}

std::unique_ptr<protocol_talk> talk_iec104(const talk_context& context) {
  return std::make_unique<one_exchange>(std::string(iec104_test), read_iec104, context);
}

}  // namespace

constinit const protocol_module iec104_module{.name = "iec104",
                                              .hinted_ports = iec104_ports,
                                              .talk = talk_iec104,
                                              .risk = request_risk::industrial};

}  // namespace sonde::scanner::modules
