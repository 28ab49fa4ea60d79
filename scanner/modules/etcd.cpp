#include "scanner/modules/http_response.hpp"

namespace sonde::scanner::modules {
namespace {

constexpr std::uint16_t etcd_ports[] = {2379, 4001};

/// `GET /version` of etcd's HTTP gateway: `{"etcdserver":"3.4.23","etcdcluster":"3.4.0"}`.
std::optional<recognition> read_etcd(const model::json& document, std::string_view) {
  auto version = json_text(document, "etcdserver");
  if (version.empty()) return std::nullopt;
  auto known = proven_service("etcd");
  known.service.product = "etcd";
  known.service.version = version;
  auto cluster = json_text(document, "etcdcluster");
  if (!cluster.empty()) known.service.facts.push_back({"cluster-version", cluster});
  return known;
}

std::unique_ptr<protocol_talk> talk_etcd(const talk_context& context) {
  return http_json_talk("/version", read_etcd, context);
}

}  // namespace

constinit const protocol_module etcd_module{
    .name = "etcd", .hinted_ports = etcd_ports, .talk = talk_etcd};

}  // namespace sonde::scanner::modules
