#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

#include <array>

namespace sonde::scanner::modules {
namespace {

// IEEE 1815, clause 9 (the data link layer). Integers are little-endian.
constexpr std::uint16_t dnp3_ports[] = {20000};
constexpr std::uint16_t dnp3_start = 0x0564;
constexpr std::uint8_t dnp3_shortest = 5;           // control, both addresses
constexpr std::uint8_t dnp3_link_status = 0xC9;     // from a master, primary, function 9
constexpr std::uint8_t dnp3_from_master = 0x80;     // the direction bit
constexpr std::uint16_t dnp3_master = 1;            // most outstations are set up for this one
constexpr std::uint16_t dnp3_last_outstation = 16;  // one write has the requests to 0 up to this
constexpr std::size_t dnp3_checked = 8;             // bytes of a header before its checksum
constexpr std::size_t dnp3_header = 10;
constexpr std::uint32_t dnp3_polynomial = 0xA6BC;  // 0x3D65, reflected

constexpr std::array<std::uint16_t, 256> dnp3_crc_table = [] {
  std::array<std::uint16_t, 256> out{};
  for (std::uint32_t i = 0; i < out.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit)
      value = (value & 1U) != 0 ? (value >> 1U) ^ dnp3_polynomial : value >> 1U;
    out[i] = static_cast<std::uint16_t>(value);
  }
  return out;
}();

std::uint16_t dnp3_crc(std::string_view bytes) {
  std::uint32_t value = 0;
  for (char each : bytes)
    value = (value >> 8U) ^ dnp3_crc_table[(value ^ static_cast<unsigned char>(each)) & 0xFFU];
  return static_cast<std::uint16_t>(~value);
}

/// `Request link status` to one outstation.
std::string dnp3_frame(std::uint16_t outstation) {
  byte_writer header;
  header.be16(dnp3_start).u8(dnp3_shortest).u8(dnp3_link_status);
  auto checked = header.le16(outstation).le16(dnp3_master).take();
  auto crc = dnp3_crc(checked);
  return byte_writer().text(checked).le16(crc).take();
}

/// Returns one frame for each outstation address up to `dnp3_last_outstation`. An outstation
/// answers only frames for its own address, and no address exists that all outstations answer.
std::string dnp3_request() {
  std::string out;
  for (std::uint16_t outstation = 0; outstation <= dnp3_last_outstation; ++outstation)
    out += dnp3_frame(outstation);
  return out;
}

/// A frame from an outstation, whichever it is: the checksum proves it.
std::optional<recognition> recognise_dnp3(std::string_view bytes) {
  if (bytes.size() < dnp3_header) return std::nullopt;
  byte_reader read(bytes);
  bool starts = read.be16() == dnp3_start && read.u8() >= dnp3_shortest;
  bool from_master = (read.u8() & dnp3_from_master) != 0;
  read.le16();  // the master's address
  auto outstation = read.le16();
  bool intact = read.le16() == dnp3_crc(bytes.substr(0, dnp3_checked));
  if (!starts || from_master || !intact) return std::nullopt;
  auto known = proven_service("dnp3");
  known.service.facts.push_back({"address", std::to_string(outstation)});
  return known;
}

talk_step read_dnp3(std::string_view response, const talk_context&) {
  constexpr std::string_view start("\x05\x64", 2);
  if (response.substr(0, start.size()) != start.substr(0, response.size())) {
    return talk_step::not_ours();
  }
  if (response.size() < dnp3_header) return talk_step::incomplete();
  auto known = recognise_dnp3(response);
  return known ? talk_step::is(std::move(*known)) : talk_step::not_ours();
}

std::unique_ptr<protocol_talk> talk_dnp3(const talk_context& context) {
  return std::make_unique<one_exchange>(dnp3_request(), read_dnp3, context);
}

}  // namespace

constinit const protocol_module dnp3_module{.name = "dnp3",
                                            .hinted_ports = dnp3_ports,
                                            .recognise = recognise_dnp3,
                                            .talk = talk_dnp3,
                                            .risk = request_risk::industrial};

}  // namespace sonde::scanner::modules
