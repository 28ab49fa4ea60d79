#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

namespace sonde::scanner::modules {
namespace {

constexpr std::uint16_t gpsd_ports[] = {2947};

/// `{"class":"VERSION","release":"3.22",…,"proto_major":3,"proto_minor":14}` (gpsd_json(5)).
std::optional<recognition> recognise_gpsd(std::string_view said) {
  constexpr std::string_view start = "{\"class\":\"VERSION\",";
  if (!said.starts_with(start) || said.find('\n') == std::string_view::npos) return std::nullopt;
  auto line = line_of(said);
  auto release = flat_json_field(line, "release");
  auto major = flat_json_field(line, "proto_major");
  auto minor = flat_json_field(line, "proto_minor");
  if (release.empty() || major.empty() || minor.empty()) return std::nullopt;
  auto out = text_service("gpsd", line);
  out.complete = true;
  out.service.sure = model::confidence::proven;
  out.service.product = "gpsd";
  out.service.version = release;
  auto protocol = std::string(major) + "." + std::string(minor);
  out.service.facts.push_back({"protocol-version", std::move(protocol)});
  return out;
}

}  // namespace

constinit const protocol_module gpsd_module{
    .name = "gpsd", .hinted_ports = gpsd_ports, .recognise = recognise_gpsd};

}  // namespace sonde::scanner::modules
