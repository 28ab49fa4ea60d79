#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

namespace sonde::scanner::modules {
namespace {

// MQTT 3.1.1, sections 3.1 (CONNECT) and 3.2 (CONNACK); MQTT 5.0, section 3.2. The request names a
// protocol level that does not exist, so the server must refuse it and opens no session.
constexpr std::uint16_t mqtt_ports[] = {1883, 8883};
constexpr std::uint8_t mqtt_level = 99;
constexpr std::uint8_t mqtt_clean_session = 0x02;
constexpr std::uint8_t mqtt_connack = 0x20;
constexpr std::uint8_t mqtt_last_return_code = 5;
constexpr std::uint8_t mqtt_unsupported_version = 0x84;
constexpr std::uint8_t mqtt_longest = 127;  // a remaining length of one byte

std::string mqtt_connect() {
  constexpr std::uint16_t keep_alive_s = 10;
  auto body = byte_writer()
                  .be16(4)
                  .text("MQTT")
                  .u8(mqtt_level)
                  .u8(mqtt_clean_session)
                  .be16(keep_alive_s)
                  .be16(0)
                  .take();
  return byte_writer().u8(0x10).u8(static_cast<std::uint8_t>(body.size())).text(body).take();
}

talk_step read_mqtt(std::string_view response, const talk_context&) {
  if (response.empty()) return talk_step::incomplete();
  byte_reader read(response);
  if (read.u8() != mqtt_connack) return talk_step::not_ours();
  if (read.left() == 0) return talk_step::incomplete();
  auto size = read.u8();
  if (size < 2 || size > mqtt_longest) return talk_step::not_ours();
  if (read.left() < size) return talk_step::incomplete();
  if (read.left() > size) return talk_step::not_ours();
  auto flags = read.u8();
  auto code = read.u8();
  bool version3 = size == 2 && code <= mqtt_last_return_code;
  bool version5 = code == mqtt_unsupported_version;
  if (size > 2) version5 = version5 && read.u8() == size - 3;  // the properties' length
  if (flags != 0 || (!version3 && !version5)) return talk_step::not_ours();
  auto known = proven_service("mqtt");
  if (version5) known.service.facts.push_back({"protocol-version", "5"});
  return talk_step::is(std::move(known));
}

std::unique_ptr<protocol_talk> talk_mqtt(const talk_context& context) {
  return std::make_unique<one_exchange>(mqtt_connect(), read_mqtt, context);
}

}  // namespace

constinit const protocol_module mqtt_module{
    .name = "mqtt", .hinted_ports = mqtt_ports, .talk = talk_mqtt, .asked_anywhere = true};

}  // namespace sonde::scanner::modules
