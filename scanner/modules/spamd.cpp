#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

namespace sonde::scanner::modules {
namespace {

constexpr std::uint16_t spamd_ports[] = {783, 11333};

/// `SPAMD/1.5 0 PONG`, `SPAMD/1.5 76 Bad header line: …` (SpamAssassin's spamd/PROTOCOL). The
/// number is the protocol's version. Rspamd speaks the protocol too, so there is no product.
std::optional<recognition> recognise_spamd(std::string_view said) {
  constexpr std::string_view start = "SPAMD/";
  if (!said.starts_with(start) || said.find('\n') == std::string_view::npos) return std::nullopt;
  auto line = line_of(said);
  auto version = line.substr(start.size());
  version = version.substr(0, version.find(' '));
  bool numbers = starts_with_digits(version, 1) &&
                 version.find_first_not_of("0123456789.") == std::string_view::npos;
  auto behind = line.substr(start.size() + version.size());
  if (!numbers || behind.size() < 2 || !starts_with_digits(behind.substr(1), 1)) {
    return std::nullopt;
  }
  auto out = text_service("spamd", line);
  out.complete = true;
  out.service.facts.push_back({"protocol-version", std::string(version)});
  return out;
}

talk_step read_spamd(std::string_view response, const talk_context&) {
  constexpr std::string_view start = "SPAMD/";
  if (!response.starts_with(start.substr(0, response.size()))) return talk_step::not_ours();
  if (response.find('\n') == std::string_view::npos) return talk_step::incomplete();
  auto known = recognise_spamd(response);
  if (!known) return talk_step::not_ours();
  known->service.sure = model::confidence::proven;
  return talk_step::is(std::move(*known));
}

std::unique_ptr<protocol_talk> talk_spamd(const talk_context& context) {
  return std::make_unique<one_exchange>("PING SPAMC/1.2\r\n\r\n", read_spamd, context);
}

}  // namespace

constinit const protocol_module spamd_module{
    .name = "spamd", .hinted_ports = spamd_ports, .recognise = recognise_spamd, .talk = talk_spamd};

}  // namespace sonde::scanner::modules
