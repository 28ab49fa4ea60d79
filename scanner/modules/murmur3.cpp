#include "scanner/modules/murmur3.hpp"

#include <bit>
#include <cstddef>

namespace sonde::scanner {
namespace {

constexpr std::size_t murmur_block = 4;

/// Mixes one block of the input before it enters the state.
std::uint32_t mixed_block(std::uint32_t block) {
  return std::rotl(block * 0xCC9E2D51U, 15) * 0x1B873593U;
}

/// Reads up to four bytes, the lowest first.
std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t out = 0;
  for (std::size_t i = bytes.size(); i > 0; --i)
    out = out << 8U | static_cast<unsigned char>(bytes[i - 1]);
  return out;
}

}  // namespace

std::uint32_t murmur3(std::string_view data) {
  std::uint32_t state = 0;
  auto size = static_cast<std::uint32_t>(data.size());
  for (; data.size() >= murmur_block; data.remove_prefix(murmur_block)) {
    state ^= mixed_block(little_endian(data.substr(0, murmur_block)));
    state = std::rotl(state, 13) * 5 + 0xE6546B64U;
  }
  if (!data.empty()) state ^= mixed_block(little_endian(data));
  state ^= size;
  state = (state ^ state >> 16U) * 0x85EBCA6BU;
  state = (state ^ state >> 13U) * 0xC2B2AE35U;
  return state ^ state >> 16U;
}

}  // namespace sonde::scanner
