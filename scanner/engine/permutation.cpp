#include "scanner/engine/permutation.hpp"

namespace sonde::scanner {
namespace {

std::uint64_t mix(std::uint64_t z) {
  z = (z ^ z >> 30U) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ z >> 27U) * 0x94d049bb133111ebULL;
  return z ^ z >> 31U;
}

}  // namespace

std::uint64_t next_random(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15ULL;
  return mix(state);
}

permutation::permutation(std::uint32_t size, std::uint64_t seed) : size_(size) {
  while ((std::uint64_t{1} << (2 * half_bits_)) < size)
    ++half_bits_;
  half_mask_ = (1U << half_bits_) - 1;
  for (auto& key : keys_)
    key = next_random(seed);
}

std::uint32_t permutation::scramble(std::uint32_t half, std::uint64_t key) const {
  return static_cast<std::uint32_t>(mix(half ^ key)) & half_mask_;
}

std::uint32_t permutation::encrypt(std::uint32_t value) const {
  std::uint32_t left = value >> half_bits_;
  std::uint32_t right = value & half_mask_;
  for (auto key : keys_) {
    auto next = left ^ scramble(right, key);
    left = right;
    right = next;
  }
  return left << half_bits_ | right;
}

std::uint32_t permutation::decrypt(std::uint32_t value) const {
  std::uint32_t left = value >> half_bits_;
  std::uint32_t right = value & half_mask_;
  for (auto key = keys_.rbegin(); key != keys_.rend(); ++key) {
    auto before = right ^ scramble(left, *key);
    right = left;
    left = before;
  }
  return left << half_bits_ | right;
}

std::uint32_t permutation::at(std::uint32_t index) const {
  // Each step permutes the whole domain, so the walk from a number in range ends at one in range.
  std::uint32_t value = encrypt(index);
  while (value >= size_)
    value = encrypt(value);
  return value;
}

std::uint32_t permutation::index_of(std::uint32_t number) const {
  std::uint32_t value = decrypt(number);
  while (value >= size_)
    value = decrypt(value);
  return value;
}

}  // namespace sonde::scanner
