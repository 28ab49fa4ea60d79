#include "base/random.hpp"

#include "tests/support/doctest.hpp"

#include <array>

namespace sonde {

TEST_CASE("random bytes are others each time, and as many as are asked for") {
  std::array<std::byte, 32> first{};
  std::array<std::byte, 32> second{};
  kernel_random(first);
  kernel_random(second);
  CHECK(first != second);
  kernel_random({});
}

}  // namespace sonde
