#pragma once

#include <array>
#include <cstdint>

namespace sonde::scanner {

/// A pseudo-random order of the numbers below `size`: spreads a sweep over a target's ports, needs
/// no memory, and can be resumed from any index.
///
/// A Feistel network over the next even power of two, applied repeatedly until the result is in
/// range (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002).
class permutation {
 public:
  permutation(std::uint32_t size, std::uint64_t seed);

  [[nodiscard]] std::uint32_t size() const { return size_; }
  /// Returns the number at `index`, which is below `size`.
  [[nodiscard]] std::uint32_t at(std::uint32_t index) const;
  /// Returns the index of `number`, which is below `size`: the inverse of `at`.
  [[nodiscard]] std::uint32_t index_of(std::uint32_t number) const;

 private:
  static constexpr int rounds = 4;
  [[nodiscard]] std::uint32_t encrypt(std::uint32_t value) const;
  [[nodiscard]] std::uint32_t decrypt(std::uint32_t value) const;
  [[nodiscard]] std::uint32_t scramble(std::uint32_t half, std::uint64_t key) const;

  std::uint32_t size_;
  unsigned half_bits_ = 1;
  std::uint32_t half_mask_ = 1;
  std::array<std::uint64_t, rounds> keys_;
};

/// Returns the next pseudo-random number of `state` and advances it (SplitMix64, public domain).
[[nodiscard]] std::uint64_t next_random(std::uint64_t& state);

}  // namespace sonde::scanner
