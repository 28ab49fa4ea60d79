#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

namespace sonde::scanner::modules {
namespace {

// RFC 1928, section 3.
constexpr std::uint16_t socks5_ports[] = {1080, 1081, 9050, 9150, 10808};
/// Version 5 and two methods: none, user name and password.
constexpr std::string_view socks5_request{"\x05\x02\0\x02", 4};

std::string_view socks5_method(char method) {
  switch (method) {
    case '\0': return "none";
    case '\x02': return "password";
    case '\xFF': return "not-acceptable";
    default: return {};
  }
}

/// The method that the server chose, in two bytes. Then a server waits: more bytes are another
/// protocol's, or an echo.
talk_step read_socks5(std::string_view response, const talk_context&) {
  if (response.empty()) return talk_step::incomplete();
  if (response[0] != '\x05' || response.size() > 2) return talk_step::not_ours();
  if (response.size() < 2) return talk_step::incomplete();
  auto method = socks5_method(response[1]);
  if (method.empty()) return talk_step::not_ours();
  auto known = proven_service("socks5");
  // Two bytes prove little.
  known.service.sure = model::confidence::likely;
  known.service.facts.push_back({"authentication", std::string(method)});
  return talk_step::is(std::move(known));
}

/// Tor's answer to an HTTP request on its SOCKS port.
std::optional<recognition> recognise_socks5(std::string_view said) {
  if (!said.starts_with("HTTP/1.0 501 Tor is not an HTTP Proxy")) return std::nullopt;
  auto known = text_service("socks5", line_of(said));
  known.service.product = "Tor";
  known.complete = said.find('\n') != std::string_view::npos;
  return known;
}

std::unique_ptr<protocol_talk> talk_socks5(const talk_context& context) {
  return std::make_unique<one_exchange>(std::string(socks5_request), read_socks5, context);
}

}  // namespace

constinit const protocol_module socks5_module{.name = "socks5",
                                              .hinted_ports = socks5_ports,
                                              .recognise = recognise_socks5,
                                              .talk = talk_socks5,
                                              .asked_anywhere = true};

}  // namespace sonde::scanner::modules
