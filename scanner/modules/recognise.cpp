#include "scanner/modules/recognition.hpp"

#include <array>

namespace sonde::scanner {

recognition recognise(std::string_view said) {
  constexpr std::array modules = {
      recognise_ssh,   recognise_http,  recognise_reply_code, recognise_mailbox,
      recognise_redis, recognise_mysql, recognise_vnc,
  };
  for (const auto& module : modules) {
    if (auto known = module(said)) return std::move(*known);
  }
  recognition unknown;
  unknown.raw = said;
  unknown.masked = said;
  return unknown;
}

}  // namespace sonde::scanner
