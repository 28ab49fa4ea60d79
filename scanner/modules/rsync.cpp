#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

namespace sonde::scanner::modules {
namespace {

constexpr std::uint16_t rsync_ports[] = {873};

/// `@RSYNCD: 31.0 sha512 sha256 md5` (rsync's csprotocol.txt). The digests came with 3.2.7.
std::optional<recognition> recognise_rsync(std::string_view said) {
  constexpr std::string_view start = "@RSYNCD: ";
  if (!said.starts_with(start) || said.find('\n') == std::string_view::npos) return std::nullopt;
  auto line = line_of(said);
  auto words = line.substr(start.size());
  auto version = words.substr(0, words.find(' '));
  if (!starts_with_digits(version, 2)) return std::nullopt;
  if (version.find_first_not_of("0123456789.") != std::string_view::npos) return std::nullopt;
  auto out = text_service("rsync", line);
  out.complete = true;
  out.service.facts.push_back({"protocol-version", std::string(version)});
  if (version.size() < words.size()) {
    out.service.facts.push_back({"digests", std::string(words.substr(version.size() + 1))});
  }
  return out;
}

}  // namespace

constinit const protocol_module rsync_module{
    .name = "rsync", .hinted_ports = rsync_ports, .recognise = recognise_rsync};

}  // namespace sonde::scanner::modules
