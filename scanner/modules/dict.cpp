#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

#include <array>

namespace sonde::scanner::modules {
namespace {

constexpr std::uint16_t dict_ports[] = {2628};

constexpr std::array<known_product, 1> dict_servers = {{{"dictd", "dictd"}}};

/// `220 host dictd 1.12.1/rf on Linux <auth.mime> <7.123.456@host>`: a text, capabilities, and an
/// identifier of the connection (RFC 2229, section 3.1).
std::optional<recognition> recognise_dict(std::string_view said) {
  if (!said.starts_with("220 ") || said.find('\n') == std::string_view::npos) return std::nullopt;
  auto line = line_of(said);
  auto between = line.rfind("> <");
  if (between == std::string_view::npos || !line.ends_with('>')) return std::nullopt;
  auto id = line.substr(between + 3, line.size() - between - 4);
  auto open = line.rfind('<', between);
  if (open == std::string_view::npos || id.find('@') == std::string_view::npos) {
    return std::nullopt;
  }
  if (id.find_first_of("<> ") != std::string_view::npos) return std::nullopt;
  auto capabilities = line.substr(open + 1, between - open - 1);
  if (capabilities.find_first_of("@ ") != std::string_view::npos) return std::nullopt;
  auto out = text_service("dict", line);
  out.masked = std::string(line.substr(0, between + 3)) + "*>";
  out.complete = true;
  find_product(line, dict_servers, out.service);
  out.service.facts.push_back({"capabilities", std::string(capabilities)});
  return out;
}

}  // namespace

constinit const protocol_module dict_module{
    .name = "dict", .hinted_ports = dict_ports, .recognise = recognise_dict};

}  // namespace sonde::scanner::modules
