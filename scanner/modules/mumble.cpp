#include "scanner/modules/bytes.hpp"
#include "scanner/modules/module.hpp"

#include <fmt/core.h>

namespace sonde::scanner::modules {
namespace {

// Mumble's protocol, inside TLS: type and size of a message, big-endian, and Protocol Buffers. The
// server sends Version first.
constexpr std::uint16_t mumble_ports[] = {64738};
constexpr std::uint16_t mumble_version_type = 0;
constexpr std::size_t mumble_most = 1024;

/// Protocol Buffers, "Base 128 Varints": seven bits a byte, the lowest first.
std::uint64_t take_mumble_number(byte_reader& read) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 63; shift += 7) {
    auto next = read.u8();
    value |= static_cast<std::uint64_t>(next & 0x7FU) << shift;
    if ((next & 0x80U) == 0) break;
  }
  return value;
}

struct mumble_version {
  std::uint64_t v1 = 0;  ///< 16 bits major, 8 minor, 8 patch
  std::uint64_t v2 = 0;  ///< four times 16 bits; the last is unused
  std::string_view release;
  std::string_view os;
};

/// Reads `message Version` of Mumble.proto. Empty if the message has other fields.
std::optional<mumble_version> read_mumble_version(std::string_view message) {
  mumble_version out;
  byte_reader read(message);
  while (read.ok() && read.left() > 0) {
    switch (read.u8()) {
      case 0x08: out.v1 = take_mumble_number(read); break;
      case 0x28: out.v2 = take_mumble_number(read); break;
      case 0x12: out.release = read.take(take_mumble_number(read)); break;
      case 0x1A: out.os = read.take(take_mumble_number(read)); break;
      case 0x22: read.take(take_mumble_number(read)); break;
      default: return std::nullopt;
    }
  }
  if (!read.ok() || (out.v1 == 0 && out.v2 == 0)) return std::nullopt;
  return out;
}

std::string mumble_number(const mumble_version& version) {
  auto v2 = version.v2;
  if (v2 == 0) {
    v2 = (version.v1 >> 16U) << 48U | (version.v1 >> 8U & 0xFFU) << 32U |
         (version.v1 & 0xFFU) << 16U;
  }
  return fmt::format("{}.{}.{}", v2 >> 48U, v2 >> 32U & 0xFFFFU, v2 >> 16U & 0xFFFFU);
}

std::optional<recognition> recognise_mumble(std::string_view said) {
  byte_reader read(said);
  auto type = read.be16();
  auto size = read.be32();
  if (!read.ok() || type != mumble_version_type || size > mumble_most) return std::nullopt;
  auto message = read.take(size);
  if (!read.ok() || !message.starts_with('\x08')) return std::nullopt;
  auto version = read_mumble_version(message);
  if (!version) return std::nullopt;
  auto out = proven_service("mumble");
  // Other servers write their name before the release.
  bool murmur = version->release.find_first_of("0123456789") == 0;
  if (murmur) out.service.product = "Murmur";
  if (murmur) out.service.version = mumble_number(*version);
  auto& facts = out.service.facts;
  facts.push_back({"protocol-version", mumble_number(*version)});
  if (!version->release.empty()) facts.push_back({"release", std::string(version->release)});
  if (!version->os.empty()) facts.push_back({"os", std::string(version->os)});
  return out;
}

}  // namespace

constinit const protocol_module mumble_module{
    .name = "mumble", .hinted_ports = mumble_ports, .recognise = recognise_mumble};

}  // namespace sonde::scanner::modules
