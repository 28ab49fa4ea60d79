#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

namespace sonde::scanner::modules {
namespace {

// OpenWire: WireFormatInfo, which the broker sends first. All integers are big-endian.
constexpr std::uint16_t openwire_ports[] = {61616, 61617};
constexpr std::uint8_t openwire_info = 1;
constexpr std::uint8_t openwire_text = 9;  // type of a property
constexpr std::size_t openwire_size_field = 4;
constexpr std::size_t openwire_least = 13;  // type, magic, version
constexpr std::size_t openwire_most = 16 * 1024;

/// Returns the value of a text property (name, type, length, value). Properties have no fixed
/// order, so this searches for the bytes of the name.
std::string_view openwire_property(std::string_view properties, std::string_view name) {
  auto key = byte_writer()
                 .be16(static_cast<std::uint16_t>(name.size()))
                 .text(name)
                 .u8(openwire_text)
                 .take();
  auto at = properties.find(key);
  if (at == std::string_view::npos) return {};
  byte_reader read(properties.substr(at + key.size()));
  auto value = read.take(read.be16());
  return read.ok() ? value : std::string_view();
}

std::optional<recognition> recognise_openwire(std::string_view said) {
  byte_reader read(said);
  auto size = read.be32();
  auto type = read.u8();
  auto magic = read.take(8);
  auto version = read.be32();
  if (!read.ok() || type != openwire_info || magic != "ActiveMQ") return std::nullopt;
  if (size < openwire_least || size > openwire_most || version == 0 || version > 255) {
    return std::nullopt;
  }
  auto out = proven_service("openwire");
  out.complete = said.size() >= openwire_size_field + size;
  auto& facts = out.service.facts;
  facts.push_back({"protocol-version", std::to_string(version)});
  auto properties = read.rest().substr(0, size - openwire_least);
  out.service.product = openwire_property(properties, "ProviderName");
  out.service.version = openwire_property(properties, "ProviderVersion");
  auto platform = openwire_property(properties, "PlatformDetails");
  if (!platform.empty()) facts.push_back({"platform", std::string(platform)});
  return out;
}

}  // namespace

constinit const protocol_module openwire_module{
    .name = "openwire", .hinted_ports = openwire_ports, .recognise = recognise_openwire};

}  // namespace sonde::scanner::modules
