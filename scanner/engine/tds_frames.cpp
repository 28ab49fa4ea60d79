#include "scanner/engine/tds_frames.hpp"

#include "scanner/modules/bytes.hpp"

#include <utility>

namespace sonde::scanner {
namespace {

constexpr std::size_t tds_header = 8;
constexpr std::size_t tds_contents = 4096 - tds_header;
constexpr std::uint8_t tds_prelogin = 0x12;
constexpr std::uint8_t tds_response = 0x04;  // some servers answer with it
constexpr std::uint8_t tds_last = 0x01;

}  // namespace

std::string tds_frames::wrap(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    auto piece = bytes.substr(0, tds_contents);
    bytes.remove_prefix(piece.size());
    auto size = static_cast<std::uint16_t>(tds_header + piece.size());
    byte_writer packet;
    packet.u8(tds_prelogin).u8(bytes.empty() ? tds_last : 0).be16(size).be32(0).text(piece);
    out += packet.take();
  }
  return out;
}

std::string tds_frames::unwrap(std::string_view bytes) {
  if (foreign_) return std::string(bytes);
  waiting_ += bytes;
  std::string out;
  while (waiting_.size() >= tds_header) {
    byte_reader read(waiting_);
    auto type = read.u8();
    read.u8();  // status
    std::size_t size = read.be16();
    bool packet = (type == tds_prelogin || type == tds_response) && size >= tds_header;
    if (!packet) {
      foreign_ = true;
      return out + std::exchange(waiting_, {});
    }
    if (waiting_.size() < size) break;
    out.append(waiting_, tds_header, size - tds_header);
    waiting_.erase(0, size);
  }
  return out;
}

}  // namespace sonde::scanner
