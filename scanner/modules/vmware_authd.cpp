#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

namespace sonde::scanner::modules {
namespace {

/// `220 VMware Authentication Daemon Version 1.10: SSL Required, …`: a greeting in one line, with
/// which ESXi and Workstation begin on port 902.
std::optional<recognition> recognise_vmware_authd(std::string_view said) {
  constexpr std::string_view start = "220 VMware Authentication Daemon Version ";
  if (!said.starts_with(start)) return std::nullopt;
  auto line = line_of(said);
  auto behind = line.substr(start.size());
  auto known = text_service("vmware-authd", line);
  known.service.product = "VMware Authentication Daemon";
  known.service.version = behind.substr(0, behind.find_first_of(": ,"));
  bool secure = line.find("SSL Required") != std::string_view::npos;
  known.service.facts.push_back({"tls-required", secure ? "true" : "false"});
  known.complete = said.find('\n') != std::string_view::npos;
  return known;
}

}  // namespace

constinit const protocol_module vmware_authd_module{.name = "vmware_authd",
                                                    .recognise = recognise_vmware_authd};

}  // namespace sonde::scanner::modules
