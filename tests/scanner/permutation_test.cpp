#include "scanner/engine/permutation.hpp"

#include "tests/support/doctest.hpp"

#include <vector>

namespace sonde::scanner {
namespace {

std::vector<std::uint32_t> listed(const permutation& order) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = 0; i < order.size(); ++i)
    out.push_back(order.at(i));
  return out;
}

}  // namespace

TEST_CASE("a permutation yields every number once") {
  for (std::uint32_t size : {1u, 2u, 3u, 4u, 5u, 15u, 16u, 17u, 100u, 1000u, 4097u, 65535u}) {
    for (std::uint64_t seed : {0u, 1u, 77u}) {
      CAPTURE(size);
      CAPTURE(seed);
      permutation order(size, seed);
      std::vector<bool> seen(size);
      std::uint32_t repeated = 0;
      std::uint32_t outside = 0;
      for (auto number : listed(order)) {
        if (number >= size) {
          ++outside;
          continue;
        }
        repeated += seen[number];
        seen[number] = true;
      }
      CHECK(repeated == 0);
      CHECK(outside == 0);
    }
  }
}

TEST_CASE("index_of is the inverse of at") {
  for (std::uint32_t size : {1u, 2u, 3u, 16u, 1000u, 65535u}) {
    permutation order(size, 5);
    std::uint32_t wrong = 0;
    for (std::uint32_t i = 0; i < size; ++i)
      wrong += order.index_of(order.at(i)) != i;
    CHECK(wrong == 0);
  }
}

TEST_CASE("a permutation depends only on its seed") {
  CHECK(listed(permutation(1000, 1)) == listed(permutation(1000, 1)));
  CHECK(listed(permutation(1000, 1)) != listed(permutation(1000, 2)));
  // Another process resumes where this one stopped, so the order must never change.
  permutation order(65535, 42);
  CHECK(std::vector{order.at(0), order.at(1), order.at(2), order.at(65534)} ==
        std::vector<std::uint32_t>{12719, 2023, 31006, 50997});
}

TEST_CASE("a permutation spreads neighbours apart") {
  permutation order(65535, 9);
  std::uint32_t close = 0;
  for (std::uint32_t i = 0; i + 1 < 1000; ++i) {
    auto a = order.at(i);
    auto b = order.at(i + 1);
    close += (a > b ? a - b : b - a) <= 16;
  }
  CHECK(close < 10);
}

}  // namespace sonde::scanner
