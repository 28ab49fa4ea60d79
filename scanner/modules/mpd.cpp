#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

namespace sonde::scanner::modules {
namespace {

constexpr std::uint16_t mpd_ports[] = {6600};

/// `OK MPD 0.23.5` (MPD's protocol reference, "Protocol overview"). It is the protocol's version;
/// the server does not state its own.
std::optional<recognition> recognise_mpd(std::string_view said) {
  constexpr std::string_view start = "OK MPD ";
  auto version = version_line(said, start);
  if (version.empty()) return std::nullopt;
  auto line = line_of(said);
  auto out = text_service("mpd", line);
  out.complete = true;
  out.service.facts.push_back({"protocol-version", std::string(version)});
  return out;
}

}  // namespace

constinit const protocol_module mpd_module{
    .name = "mpd", .hinted_ports = mpd_ports, .recognise = recognise_mpd};

}  // namespace sonde::scanner::modules
