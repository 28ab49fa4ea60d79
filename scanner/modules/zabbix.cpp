#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"
#include "scanner/modules/text_match.hpp"

namespace sonde::scanner::modules {
namespace {

// Zabbix's manual, "Header and data length": `ZBXD`, flags, two little-endian lengths.
constexpr std::uint16_t zabbix_ports[] = {10050, 10051};
constexpr std::uint16_t zabbix_server_port = 10051;
constexpr std::string_view zabbix_start = "ZBXD\x01";
constexpr std::size_t zabbix_head = 13;
constexpr std::size_t zabbix_most = 64 * 1024;

/// Requests an agent's version, or a server's queue. Without a session a server refuses the queue.
std::string zabbix_request(const talk_context& context) {
  constexpr std::string_view agent = "agent.version";
  constexpr std::string_view server = R"({"request":"queue.get","type":"overview"})";
  auto body = context.port == zabbix_server_port ? server : agent;
  auto size = static_cast<std::uint32_t>(body.size());
  return byte_writer().text(zabbix_start).le32(size).le32(0).text(body).take();
}

talk_step read_zabbix(std::string_view response, const talk_context&) {
  if (!response.starts_with(zabbix_start.substr(0, response.size()))) return talk_step::not_ours();
  if (response.size() < zabbix_head) return talk_step::incomplete();
  byte_reader read(response);
  read.take(zabbix_start.size());
  auto size = read.le32();
  auto high = read.le32();
  if (size > zabbix_most || high != 0) return talk_step::not_ours();
  if (read.left() < size) return talk_step::incomplete();
  auto body = read.take(size);
  auto known = proven_service("zabbix");
  auto& facts = known.service.facts;
  if (body.starts_with("{\"response\":")) {
    facts.push_back({"role", "server"});
  } else if (starts_with_digits(body, 1)) {
    facts.push_back({"role", "agent"});
    known.service.product = "Zabbix";
    known.service.version = line_of(body);
  } else if (body.starts_with("ZBX_")) {
    facts.push_back({"role", "agent"});
  } else {
    return talk_step::not_ours();
  }
  return talk_step::is(std::move(known));
}

std::unique_ptr<protocol_talk> talk_zabbix(const talk_context& context) {
  return std::make_unique<one_exchange>(zabbix_request(context), read_zabbix, context);
}

}  // namespace

constinit const protocol_module zabbix_module{
    .name = "zabbix", .hinted_ports = zabbix_ports, .talk = talk_zabbix};

}  // namespace sonde::scanner::modules
