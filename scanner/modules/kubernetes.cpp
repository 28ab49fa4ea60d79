#include "scanner/modules/http_response.hpp"

namespace sonde::scanner::modules {
namespace {

// Kubernetes API, "API version" and "Status". 8001 is `kubectl proxy`.
constexpr std::uint16_t kubernetes_ports[] = {6443, 8001, 10250};

/// `GET /version`: `{"major":"1","minor":"26","gitVersion":"v1.26.0",…}`, or, where anonymous
/// requests are refused, a `Status` object.
std::optional<recognition> read_kubernetes(const model::json& document, std::string_view) {
  auto version = json_text(document, "gitVersion");
  bool status = json_text(document, "kind") == "Status" &&
                json_text(document, "apiVersion") == "v1" && !json_text(document, "reason").empty();
  if (version.empty() && !status) return std::nullopt;
  auto known = proven_service("kubernetes");
  known.service.product = "Kubernetes";
  if (version.starts_with('v')) version.erase(0, 1);
  // `1.26.5+k3s1`, `1.27.3-gke.100`: the distribution's own part is a fact.
  auto upstream = version.substr(0, version.find_first_of("+-"));
  known.service.version = upstream;
  if (upstream != version) known.service.facts.push_back({"git-version", version});
  auto platform = json_text(document, "platform");
  if (!platform.empty()) known.service.facts.push_back({"platform", platform});
  return known;
}

std::unique_ptr<protocol_talk> talk_kubernetes(const talk_context& context) {
  return http_json_talk("/version", read_kubernetes, context);
}

}  // namespace

constinit const protocol_module kubernetes_module{
    .name = "kubernetes", .hinted_ports = kubernetes_ports, .talk = talk_kubernetes};

}  // namespace sonde::scanner::modules
