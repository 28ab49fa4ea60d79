#include "base/random.hpp"

#include "tests/support/doctest.hpp"

#include <array>

namespace sonde {

TEST_CASE("two random buffers differ, and an empty buffer is accepted") {
  std::array<std::byte, 32> first{};
  std::array<std::byte, 32> second{};
  kernel_random(first);
  kernel_random(second);
  CHECK(first != second);
  kernel_random({});
}

}  // namespace sonde
