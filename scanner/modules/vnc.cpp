#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

namespace sonde::scanner::modules {
namespace {

std::optional<recognition> recognise_vnc(std::string_view said) {
  // RFB 003.008, a line feed.
  constexpr std::size_t greeting = 12;
  if (said.size() < greeting || !said.starts_with("RFB ") || said[11] != '\n') return std::nullopt;
  if (!starts_with_digits(said.substr(4), 3) || said[7] != '.' ||
      !starts_with_digits(said.substr(8), 3)) {
    return std::nullopt;
  }
  recognition out;
  out.service.name = "vnc";
  out.complete = true;
  out.raw = said.substr(0, greeting);
  out.masked = out.raw;
  return out;
}

}  // namespace

constinit const protocol_module vnc_module{.name = "vnc", .recognise = recognise_vnc};

}  // namespace sonde::scanner::modules
