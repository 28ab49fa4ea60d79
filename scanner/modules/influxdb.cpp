#include "scanner/modules/http_response.hpp"

namespace sonde::scanner::modules {
namespace {

constexpr std::uint16_t influxdb_ports[] = {8086};

/// InfluxDB API reference, `GET /ping`: 204 and the version in X-Influxdb-Version, without a login.
talk_step read_influxdb(std::string_view response, const talk_context&) {
  if (!may_be_http(response)) return talk_step::not_ours();
  if (!is_http_head_complete(response)) return talk_step::incomplete();
  auto head = http_head(response);
  auto version = http_value(head, "x-influxdb-version");
  if (version.empty() || http_status(head).empty()) return talk_step::not_ours();
  auto known = proven_service("influxdb");
  known.service.product = "InfluxDB";
  if (version.starts_with('v')) version.remove_prefix(1);
  known.service.version = version.substr(0, version.find_first_of("+-~"));
  auto build = http_value(head, "x-influxdb-build");
  if (!build.empty()) known.service.facts.push_back({"build", std::string(build)});
  take_http_banner(response, known);
  return talk_step::is(std::move(known));
}

std::unique_ptr<protocol_talk> talk_influxdb(const talk_context& context) {
  return std::make_unique<one_exchange>(http_get("/ping", context), read_influxdb, context);
}

}  // namespace

constinit const protocol_module influxdb_module{
    .name = "influxdb", .hinted_ports = influxdb_ports, .talk = talk_influxdb};

}  // namespace sonde::scanner::modules
