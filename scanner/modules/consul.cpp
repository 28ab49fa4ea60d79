#include "scanner/modules/http_response.hpp"

namespace sonde::scanner::modules {
namespace {

constexpr std::uint16_t consul_ports[] = {8500, 8501};

/// `10.1.10.12:8300`, `[2001:db8::1]:8300`; between two elections it is empty.
bool is_consul_leader(const std::string& text) {
  auto colon = text.rfind(':');
  if (text.empty()) return true;
  bool address = colon != std::string::npos && colon > 0 && colon + 1 < text.size();
  return address && text.find_first_not_of("0123456789", colon + 1) == std::string::npos &&
         text.find_first_not_of("0123456789abcdefABCDEF.:[]") == std::string::npos;
}

/// Consul's HTTP API, "Status", `GET /v1/status/leader`: reads the address of the Raft leader and
/// needs no ACL. Since 1.9 each response has X-Consul-Default-Acl-Policy.
std::optional<recognition> read_consul(const model::json& document, std::string_view head) {
  if (!document.is_string()) return std::nullopt;
  const auto& leader = document.get_ref<const std::string&>();
  auto policy = http_value(head, "x-consul-default-acl-policy");
  bool json = http_value(head, "content-type").starts_with("application/json");
  bool stranger = policy.empty() && (leader.empty() || !json);
  if (stranger || !is_consul_leader(leader)) return std::nullopt;
  auto known = proven_service("consul");
  if (policy.empty()) known.service.sure = model::confidence::likely;
  known.service.product = "Consul";
  if (!leader.empty()) known.service.facts.push_back({"leader", leader});
  return known;
}

std::unique_ptr<protocol_talk> talk_consul(const talk_context& context) {
  return http_json_talk("/v1/status/leader", read_consul, context);
}

}  // namespace

constinit const protocol_module consul_module{
    .name = "consul", .hinted_ports = consul_ports, .talk = talk_consul};

}  // namespace sonde::scanner::modules
