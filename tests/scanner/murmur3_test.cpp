#include "scanner/modules/murmur3.hpp"

#include "tests/support/doctest.hpp"

#include <cstdint>

namespace sonde::scanner {

TEST_CASE("MurmurHash3 has the published values") {
  CHECK(murmur3("") == 0);
  CHECK(murmur3("a") == 0x3C2569B2);
  CHECK(murmur3("abc") == 0xB3DD93FA);
  CHECK(murmur3("hello") == 0x248BFA47);
  CHECK(murmur3("The quick brown fox jumps over the lazy dog") == 0x2E4FF723);
  CHECK(static_cast<std::int32_t>(murmur3("foo")) == -156'908'512);
}

}  // namespace sonde::scanner
