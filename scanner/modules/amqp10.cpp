#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

namespace sonde::scanner::modules {
namespace {

// OASIS AMQP 1.0, part 5 (Security), section 5.3: the SASL layer. The server sends its mechanisms
// without a request; none is chosen here.
constexpr std::uint16_t amqp10_ports[] = {5672, 5671};
constexpr std::size_t amqp10_header_size = 8;
constexpr std::string_view amqp10_header{"AMQP\x03\x01\0\0", amqp10_header_size};
constexpr std::uint32_t amqp10_frame_head = 8;
constexpr std::uint32_t amqp10_most = 64 * 1024;
constexpr std::uint8_t amqp10_sasl_frame = 1;
constexpr std::uint64_t amqp10_mechanisms = 0x40;

// Constructors of part 1, section 1.6.
constexpr std::uint8_t amqp10_described = 0x00;
constexpr std::uint8_t amqp10_small_ulong = 0x53;
constexpr std::uint8_t amqp10_ulong = 0x80;
constexpr std::uint8_t amqp10_list8 = 0xC0;
constexpr std::uint8_t amqp10_list32 = 0xD0;
constexpr std::uint8_t amqp10_array8 = 0xE0;
constexpr std::uint8_t amqp10_array32 = 0xF0;
constexpr std::uint8_t amqp10_symbol8 = 0xA3;
constexpr std::uint8_t amqp10_symbol32 = 0xB3;

/// Reads one symbol after its constructor.
std::string_view amqp10_symbol(byte_reader& read, std::uint8_t constructor) {
  if (constructor == amqp10_symbol8) return read.take(read.u8());
  return read.take(read.be32());
}

/// The mechanisms, separated by spaces: one symbol, or an array of them. Nothing: it is neither.
std::optional<std::string> amqp10_symbols(byte_reader& read) {
  auto constructor = read.u8();
  std::uint32_t count = 1;
  if (constructor == amqp10_array8) {
    read.u8();
    count = read.u8();
    constructor = read.u8();
  } else if (constructor == amqp10_array32) {
    read.be32();
    count = read.be32();
    constructor = read.u8();
  }
  if (constructor != amqp10_symbol8 && constructor != amqp10_symbol32) return std::nullopt;
  std::string out;
  for (std::uint32_t i = 0; i < count && read.ok(); ++i) {
    if (i > 0) out += ' ';
    out += amqp10_symbol(read, constructor);
  }
  if (!read.ok()) return std::nullopt;
  return out;
}

/// The body of a frame: a described list whose first field holds the mechanisms.
std::optional<std::string> amqp10_mechanisms_of(std::string_view body) {
  byte_reader read(body);
  if (read.u8() != amqp10_described) return std::nullopt;
  auto constructor = read.u8();
  if (constructor != amqp10_small_ulong && constructor != amqp10_ulong) return std::nullopt;
  std::uint64_t descriptor = constructor == amqp10_ulong ? read.be64() : read.u8();
  auto list = read.u8();
  if (descriptor != amqp10_mechanisms) return std::nullopt;
  std::uint32_t fields = 0;
  if (list == amqp10_list8) {
    read.u8();
    fields = read.u8();
  } else if (list == amqp10_list32) {
    read.be32();
    fields = read.be32();
  }
  if (!read.ok() || fields == 0) return std::nullopt;
  return amqp10_symbols(read);
}

talk_step read_amqp10(std::string_view response, const talk_context&) {
  auto head = response.substr(0, amqp10_header_size);
  if (!amqp10_header.starts_with(head)) return talk_step::not_ours();
  byte_reader read(response);
  read.take(amqp10_header_size);
  auto size = read.be32();
  auto offset = read.u8();  // of the body, in words of four bytes
  auto type = read.u8();
  read.be16();
  if (!read.ok()) return talk_step::incomplete();
  bool sasl = type == amqp10_sasl_frame && size >= amqp10_frame_head && size <= amqp10_most;
  if (!sasl || offset < 2 || std::uint32_t{offset} * 4 > size) return talk_step::not_ours();
  if (response.size() < amqp10_header_size + size) return talk_step::incomplete();
  auto frame = response.substr(amqp10_header_size, size);
  auto mechanisms = amqp10_mechanisms_of(frame.substr(std::size_t{offset} * 4));
  if (!mechanisms) return talk_step::not_ours();
  auto known = proven_service("amqp");
  known.service.facts.push_back({"protocol-version", "1.0"});
  known.service.facts.push_back({"mechanisms", std::move(*mechanisms)});
  return talk_step::is(std::move(known));
}

std::unique_ptr<protocol_talk> talk_amqp10(const talk_context& context) {
  return std::make_unique<one_exchange>(std::string(amqp10_header), read_amqp10, context);
}

}  // namespace

constinit const protocol_module amqp10_module{
    .name = "amqp10", .hinted_ports = amqp10_ports, .talk = talk_amqp10};

}  // namespace sonde::scanner::modules
