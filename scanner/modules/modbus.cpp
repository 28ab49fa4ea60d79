#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

namespace sonde::scanner::modules {
namespace {

// MODBUS Messaging on TCP/IP Implementation Guide V1.0b, section 3.1.3 (the header); MODBUS
// Application Protocol V1.1b3, section 6.21 (Read Device Identification) and 7 (exceptions).
constexpr std::uint16_t modbus_ports[] = {502};
constexpr std::uint8_t modbus_function = 0x2B;
constexpr std::uint8_t modbus_refused = 0xAB;
constexpr std::uint8_t modbus_identification = 0x0E;
constexpr std::uint8_t modbus_basic = 0x01;  // objects 0, 1 and 2
constexpr std::uint8_t modbus_unit = 0xFF;   // the device itself, not one behind a gateway
constexpr std::size_t modbus_header = 6;     // transaction, protocol 0, length of what follows
constexpr std::size_t modbus_shortest = 3;   // unit, function, exception code
constexpr std::size_t modbus_longest = 254;

std::string modbus_request(std::uint16_t transaction) {
  byte_writer out;
  out.be16(transaction).be16(0).be16(5).u8(modbus_unit);
  out.u8(modbus_function).u8(modbus_identification).u8(modbus_basic).u8(0);
  return out.take();
}

/// `V3.2` is version 3.2.
std::string_view modbus_version(std::string_view revision) {
  bool marked = revision.size() > 1 && (revision[0] == 'V' || revision[0] == 'v') &&
                revision[1] >= '0' && revision[1] <= '9';
  return marked ? revision.substr(1) : revision;
}

/// The objects of an identification: id, length, text.
void read_modbus_objects(byte_reader& read, std::size_t count, model::service_observation& out) {
  for (std::size_t i = 0; i < count; ++i) {
    auto id = read.u8();
    std::size_t size = read.u8();
    auto text = read.take(size);
    if (!read.ok()) return;
    if (id == 0) out.facts.push_back({"vendor", std::string(text)});
    if (id == 1) out.product = text;
    if (id == 2) out.version = modbus_version(text);
  }
}

talk_step read_modbus(std::string_view response, const talk_context& context) {
  auto transaction = static_cast<std::uint16_t>(context.nonce);
  auto head = byte_writer().be16(transaction).be16(0).take();
  std::string_view expected = head;
  if (response.substr(0, head.size()) != expected.substr(0, response.size())) {
    return talk_step::not_ours();
  }
  if (response.size() < modbus_header) return talk_step::incomplete();
  byte_reader message(response.substr(head.size()));
  std::size_t length = message.be16();
  if (length < modbus_shortest || length > modbus_longest) return talk_step::not_ours();
  if (message.left() < length) return talk_step::incomplete();
  byte_reader read(message.take(length));
  read.u8();  // the unit; gateways answer with one of their own
  auto function = read.u8();
  auto known = proven_service("modbus");
  if (function == modbus_refused) {
    auto code = read.u8();
    bool exception = code >= 1 && code <= 11 && read.left() == 0;
    return exception ? talk_step::is(std::move(known)) : talk_step::not_ours();
  }
  bool identified = function == modbus_function && read.u8() == modbus_identification &&
                    read.u8() == modbus_basic;
  read.u8();  // the conformity level
  auto more = read.u8();
  read.u8();  // the object with which the next response begins
  std::size_t count = read.u8();
  if (!identified || !read.ok() || (more != 0 && more != 0xFF)) return talk_step::not_ours();
  read_modbus_objects(read, count, known.service);
  return talk_step::is(std::move(known));
}

std::unique_ptr<protocol_talk> talk_modbus(const talk_context& context) {
  auto transaction = static_cast<std::uint16_t>(context.nonce);
  return std::make_unique<one_exchange>(modbus_request(transaction), read_modbus, context);
}

}  // namespace

constinit const protocol_module modbus_module{.name = "modbus",
                                              .hinted_ports = modbus_ports,
                                              .talk = talk_modbus,
                                              .risk = request_risk::industrial};

}  // namespace sonde::scanner::modules
