#include "scanner/modules/ber.hpp"

namespace sonde::scanner {

std::size_t read_ber_length(byte_reader& read) {
  std::size_t first = read.u8();
  switch (first) {
    case 0x81: return read.u8();
    case 0x82: return read.be16();
    case 0x83: return read.be24();
    case 0x84: return read.be32();
    default: return first < 0x80 ? first : unknown_ber_length;
  }
}

std::string_view read_ber_element(byte_reader& read) {
  read.u8();
  auto size = read_ber_length(read);
  return read.take(size);
}

std::string_view read_ber_element(byte_reader& read, std::uint8_t tag) {
  bool follows = ber_element_follows(read, tag);
  read.u8();
  auto size = read_ber_length(read);
  return read.take(follows ? size : unknown_ber_length);
}

bool ber_element_follows(const byte_reader& read, std::uint8_t tag) {
  return read.left() > 0 && static_cast<std::uint8_t>(read.rest().front()) == tag;
}

std::string ber_element(std::uint8_t tag, std::string_view contents) {
  byte_writer out;
  out.u8(tag);
  if (contents.size() < 0x80) {
    out.u8(static_cast<std::uint8_t>(contents.size()));
  } else {
    out.u8(0x82).be16(static_cast<std::uint16_t>(contents.size()));
  }
  return out.text(contents).take();
}

}  // namespace sonde::scanner
