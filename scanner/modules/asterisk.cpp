#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

namespace sonde::scanner::modules {
namespace {

constexpr std::uint16_t asterisk_ports[] = {5038, 5039};

/// `Asterisk Call Manager/9.0.0` (Asterisk Manager Interface). The number is the interface's
/// version, not the server's.
std::optional<recognition> recognise_asterisk(std::string_view said) {
  constexpr std::string_view start = "Asterisk Call Manager/";
  auto version = version_line(said, start);
  if (version.empty()) return std::nullopt;
  auto line = line_of(said);
  auto out = text_service("asterisk", line);
  out.complete = true;
  out.service.product = "Asterisk";
  out.service.facts.push_back({"protocol-version", std::string(version)});
  return out;
}

}  // namespace

constinit const protocol_module asterisk_module{
    .name = "asterisk", .hinted_ports = asterisk_ports, .recognise = recognise_asterisk};

}  // namespace sonde::scanner::modules
