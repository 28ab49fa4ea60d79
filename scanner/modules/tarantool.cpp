#include "base/ascii.hpp"
#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

namespace sonde::scanner::modules {
namespace {

constexpr std::uint16_t tarantool_ports[] = {3301, 3302, 33013};
constexpr std::size_t tarantool_line = 64;
constexpr std::size_t tarantool_greeting = 2 * tarantool_line;

/// `Tarantool 2.6.0 (Binary) <uuid>` and a salt, each filled up to 64 bytes with a line feed at the
/// end (Tarantool's binary protocol, "Greeting message").
std::optional<recognition> recognise_tarantool(std::string_view said) {
  constexpr std::string_view start = "Tarantool ";
  if (said.size() < tarantool_greeting || !said.starts_with(start)) return std::nullopt;
  if (said[tarantool_line - 1] != '\n' || said[tarantool_greeting - 1] != '\n') {
    return std::nullopt;
  }
  auto line = said.substr(0, tarantool_line - 1);
  line = ascii::trimmed_right(line, " ");
  auto words = line.substr(start.size());
  auto version = words.substr(0, words.find(' '));
  auto kind = words.substr(version.size());
  bool known_kind = kind.starts_with(" (Binary)") || kind.starts_with(" (Lua console)");
  if (!starts_with_digits(version, 1) || !known_kind) return std::nullopt;
  auto out = text_service("tarantool", line);
  out.complete = true;
  out.service.sure = model::confidence::proven;
  out.service.product = "Tarantool";
  out.service.version = version.substr(0, version.find('-'));
  auto id = kind.rfind(' ');
  bool uuid = kind.starts_with(" (Binary) ") && kind.size() - id == 37;
  if (uuid) out.service.facts.push_back({"instance-uuid", std::string(kind.substr(id + 1))});
  return out;
}

}  // namespace

constinit const protocol_module tarantool_module{
    .name = "tarantool", .hinted_ports = tarantool_ports, .recognise = recognise_tarantool};

}  // namespace sonde::scanner::modules
