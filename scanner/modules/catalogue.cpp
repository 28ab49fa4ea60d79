#include "scanner/modules/module.hpp"

#include <algorithm>
#include <array>

namespace sonde::scanner {
namespace {

constexpr std::array all_modules = {
#define SONDE_MODULE(name) &modules::name##_module,
#include "scanner/modules/catalogue.inc"
#undef SONDE_MODULE
};

}  // namespace

std::span<const protocol_module* const> catalogue() {
  return all_modules;
}

std::vector<const protocol_module*> hinted_modules(std::uint16_t port) {
  std::vector<const protocol_module*> out;
  for (const auto* module : all_modules) {
    bool hinted = std::ranges::find(module->hinted_ports, port) != module->hinted_ports.end();
    if (hinted && module->talk != nullptr) out.push_back(module);
  }
  return out;
}

recognition text_service(std::string_view name, std::string_view banner) {
  recognition out;
  out.service.name = name;
  out.service.sure = model::confidence::said;
  out.raw = banner;
  out.masked = banner;
  return out;
}

recognition proven_service(std::string_view name) {
  recognition out;
  out.service.name = name;
  out.service.sure = model::confidence::proven;
  out.complete = true;
  return out;
}

}  // namespace sonde::scanner
