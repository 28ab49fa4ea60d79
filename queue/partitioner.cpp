#include "queue/partitioner.hpp"

#include <cstddef>

namespace sonde::queue {
namespace {

constexpr std::uint32_t seed = 0x9747b28c;
constexpr std::uint32_t multiplier = 0x5bd1e995;
constexpr unsigned shift = 24;

std::uint32_t byte_at(std::string_view key, std::size_t i) {
  return static_cast<unsigned char>(key[i]);
}

}  // namespace

std::uint32_t murmur2(std::string_view key) {
  auto hash = seed ^ static_cast<std::uint32_t>(key.size());
  std::size_t i = 0;
  for (; i + 4 <= key.size(); i += 4) {
    std::uint32_t word = byte_at(key, i) | byte_at(key, i + 1) << 8U | byte_at(key, i + 2) << 16U |
                         byte_at(key, i + 3) << 24U;
    word *= multiplier;
    word ^= word >> shift;
    word *= multiplier;
    hash *= multiplier;
    hash ^= word;
  }
  std::size_t rest = key.size() - i;
  if (rest >= 3) hash ^= byte_at(key, i + 2) << 16U;
  if (rest >= 2) hash ^= byte_at(key, i + 1) << 8U;
  if (rest >= 1) {
    hash ^= byte_at(key, i);
    hash *= multiplier;
  }
  hash ^= hash >> 13U;
  hash *= multiplier;
  hash ^= hash >> 15U;
  return hash;
}

std::int32_t partition_of(std::string_view key, std::int32_t partitions) {
  return static_cast<std::int32_t>(murmur2(key) & 0x7fffffffU) % partitions;
}

}  // namespace sonde::queue
