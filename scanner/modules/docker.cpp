#include "scanner/modules/http_response.hpp"

namespace sonde::scanner::modules {
namespace {

// Docker Engine API, "SystemVersion": `GET /version` needs no version prefix and no login. Podman
// answers it too and names itself in `Components`.
constexpr std::uint16_t docker_ports[] = {2375, 2376};

struct docker_detail {
  const char* fact;
  const char* field;
};
constexpr docker_detail docker_details[] = {
    {"os", "Os"}, {"architecture", "Arch"}, {"kernel", "KernelVersion"}};

/// The name of the engine, the first of `Components`. Empty: before API 1.35 there was no list.
std::string docker_engine(const model::json& document) {
  auto components = document.find("Components");
  if (components == document.end() || !components->is_array() || components->empty()) return {};
  return json_text(components->front(), "Name");
}

std::optional<recognition> read_docker(const model::json& document, std::string_view) {
  auto api = json_text(document, "ApiVersion");
  auto version = json_text(document, "Version");
  if (api.empty() || version.empty()) return std::nullopt;
  auto known = proven_service("docker");
  known.service.product = docker_engine(document) == "Podman Engine" ? "Podman" : "Docker";
  known.service.version = version.substr(0, version.find_first_of("+-"));
  known.service.facts.push_back({"protocol-version", api});
  for (const auto& detail : docker_details) {
    auto value = json_text(document, detail.field);
    if (!value.empty()) known.service.facts.push_back({detail.fact, value});
  }
  return known;
}

std::unique_ptr<protocol_talk> talk_docker(const talk_context& context) {
  return http_json_talk("/version", read_docker, context);
}

}  // namespace

constinit const protocol_module docker_module{
    .name = "docker", .hinted_ports = docker_ports, .talk = talk_docker};

}  // namespace sonde::scanner::modules
